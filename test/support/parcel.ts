import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOf } from '../../src/model/manifest.ts';
import type { Target } from '../../src/model/target.ts';
import type { Parcel } from '../../src/runtime/parcel.ts';

export const samplePdf: Uint8Array = await readFile(
  join(import.meta.dirname, '../../docs/samples/weekly-2021-08-25.pdf'),
);

export const enclosed = (content: Uint8Array, url: string | null = null): Parcel['pdf'] => ({
  name: 'weekly-2021-08-22.pdf',
  content,
  sha256: hashOf(content),
  url,
});

/** An edition on its way, with the PDF of docs/samples in it. */
export const parcel = (changes: Partial<Parcel> = {}): Parcel => ({
  id: 'b1f0c0de-0001',
  kind: 'edition',
  edition: 'weekly/2021-08-22',
  brief: 'weekly',
  title: 'Weekly brief',
  issue: '2021-W33',
  asOf: '2021-08-22',
  marking: 'TLP:CLEAR',
  paragraphs: ['Nobody claimed an attack.', 'Silence & pause < 10 days.'],
  pdf: enclosed(samplePdf),
  ...changes,
});
export const notice = (changes: Partial<Parcel> = {}): Parcel =>
  parcel({ kind: 'notice', paragraphs: ['Nothing new became known.'], pdf: null, ...changes });

const common = { clearance: 'TLP:GREEN', only: {} } as const;
export const byMail = (email: string): Target => ({ email, afterCrash: 'resend', ...common });
export const byWebhook = (webhook: string): Target => ({ webhook, ...common });
export const byFolder = (folder: string): Target => ({ folder, ...common });

/** A signal that nobody aborts. */
export const never = new AbortController().signal;
export const at = new Date('2026-03-02T06:00:00Z');
