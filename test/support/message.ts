import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Message } from '../../src/delivery/message.ts';
import { hashOf } from '../../src/hash.ts';
import type { Target } from '../../src/project/target.ts';

export const samplePdf: Uint8Array = await readFile(
  join(import.meta.dirname, '../../docs/samples/weekly-2021-08-25.pdf'),
);

export const enclosed = (content: Uint8Array, url: string | null = null): Message['pdf'] => ({
  name: 'weekly-2021-08-22.pdf',
  content,
  sha256: hashOf(content),
  url,
});

/** An edition on its way, with the PDF of docs/samples in it. */
export const message = (changes: Partial<Message> = {}): Message => ({
  id: 'b1f0c0de-0001',
  kind: 'edition',
  edition: 'weekly/2021-08-22',
  brief: 'weekly',
  title: 'Weekly brief',
  issue: '2021-W33',
  asOf: '2021-08-22',
  marking: 'TLP:CLEAR',
  correction: null,
  highlights: null,
  paragraphs: ['Nobody claimed an attack.', 'Silence & pause < 10 days.'],
  pdf: enclosed(samplePdf),
  ...changes,
});
/** A correction of an edition that went to the same target twice before. */
export const corrected = (): Message =>
  message({
    id: 'b1f0c0de-0003',
    edition: 'weekly/2021-08-22-r2',
    correction: {
      revision: 2,
      asOf: '2021-09-10',
      replaces: 'weekly/2021-08-22',
      changes: ['revised: Claims & so on (M1): at least 12, now at least 15', 'withdrawn: A raid (E1)'],
      follows: ['b1f0c0de-0001', 'b1f0c0de-0002'],
    },
  });
export const notice = (changes: Partial<Message> = {}): Message =>
  message({ kind: 'notice', paragraphs: ['Nothing new became known.'], pdf: null, ...changes });

const common = { clearance: 'TLP:GREEN', only: {} } as const;
export const byMail = (email: string): Target => ({ email, afterCrash: 'resend', ...common });
export const byWebhook = (webhook: string): Target => ({ webhook, ...common });
export const byFolder = (folder: string): Target => ({ folder, ...common });

/** A signal that nobody aborts. */
export const never = new AbortController().signal;
export const at = new Date('2026-03-02T06:00:00Z');
