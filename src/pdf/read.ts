import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../errors.ts';
import { hashOf } from '../hash.ts';
import { type Manifest, manifest } from '../render/manifest.ts';

/** A PDF and what is beside it. */
export interface PdfFile {
  readonly pdf: Uint8Array;
  /** The manifest; null if there is none. */
  readonly beside: Manifest | null;
  /** The names of other files in that manifest, such as the picture for mail, that are there with other bytes. */
  readonly altered: readonly string[];
}

/** Reads a PDF, and the manifest and files beside it. Throws `pdf-invalid` if the PDF cannot be read. */
export async function readPdfFile(file: string): Promise<PdfFile> {
  const pdf = await readFile(file).catch((cause: unknown) => {
    const isAbsent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const problem = isAbsent
      ? 'There is no such file.'
      : `The file cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`;
    throw new AppError('pdf-invalid', { file, problem, hint: 'Give the path of a PDF.' }, { cause });
  });
  // The folder may contain another program's file of that name.
  const beside = await readFile(join(dirname(file), 'manifest.json'), 'utf8')
    .then((text) => manifest.parse(JSON.parse(text)))
    .catch(() => null);
  const others = (beside?.files ?? []).filter(({ name }) => !name.endsWith('.pdf'));
  const found = await Promise.all(
    others.map(async ({ name, sha256 }) => {
      const content = await readFile(join(dirname(file), basename(name))).catch(() => null);
      return content === null || hashOf(content) === sha256 ? [] : [name];
    }),
  );
  return { pdf, beside, altered: found.flat() };
}
