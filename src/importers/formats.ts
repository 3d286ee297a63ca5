import type { ImportFormat } from '../dataset/sources.ts';
import { AppError } from '../errors.ts';
import { acled } from './acled.ts';
import { misp } from './feeds/misp.ts';
import { stix } from './feeds/stix.ts';
import type { Importer } from './format.ts';
import { incidentsImporter, tableImporter } from './table/importer.ts';
import { parseMapping, type ReadOptions } from './table/mapping.ts';
import { ucdp } from './ucdp.ts';

/** The formats whose columns are known. */
const known: { readonly [format in Exclude<ImportFormat, 'table'>]: Importer } = { acled, ucdp, stix, misp };

/**
 * The importer for a format, and how it reads files. `mapping` is the text of a table's mapping and its file for
 * messages; without one, a table has the columns of `incidents`. Throws `import-failed`.
 */
export function importerFor(
  format: ImportFormat,
  mapping: { readonly text: string; readonly file: string } | undefined,
): { importer: Importer; options: ReadOptions } {
  if (format !== 'table') {
    if (mapping === undefined) return { importer: known[format], options: {} };
    throw new AppError('import-failed', {
      problem: `a mapping is for tables: the columns of ${format} are known.`,
      hint: 'Leave the mapping out, or import a table.',
    });
  }
  if (mapping === undefined) return { importer: incidentsImporter(), options: {} };
  const { mapping: given, sha256 } = parseMapping(mapping.text, mapping.file);
  return { importer: tableImporter(given, { file: mapping.file, sha256 }), options: given };
}
