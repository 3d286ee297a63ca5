import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../errors.ts';
import { type Manifest, manifest } from '../render/manifest.ts';

/** Reads a PDF and the manifest beside it, if any. Throws `pdf-invalid` if the PDF cannot be read. */
export async function readPdfFile(file: string): Promise<{ pdf: Uint8Array; beside: Manifest | null }> {
  const pdf = await readFile(file).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const problem = `The file cannot be read: ${reason}.`;
    throw new AppError('pdf-invalid', [{ file, problem, hint: 'Give the path of a PDF.' }], { cause });
  });
  // The folder may contain another program's file of that name.
  const beside = await readFile(join(dirname(file), 'manifest.json'), 'utf8')
    .then((text) => manifest.parse(JSON.parse(text)))
    .catch(() => null);
  return { pdf, beside };
}
