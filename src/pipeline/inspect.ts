import type { Brief } from '../model/brief.ts';
import { AppError, type Fault } from '../model/fault.ts';

/** Holds back a PDF that breaks the limits of its brief. Throws `pdf-invalid` with every reason. */
export function inspect({ brief, pdf, pages }: { brief: Brief; pdf: Uint8Array; pages: number }): void {
  const { limits } = brief.config;
  const megabytes = pdf.byteLength / 1e6;
  const { file } = brief.definition;
  const faults: Fault[] = [];
  if (pages > limits.pages) {
    faults.push({
      file,
      field: 'limits.pages',
      problem: `The PDF has ${pages} pages, more than ${limits.pages}.`,
      mend: 'Shorten the brief, or raise the limit.',
    });
  }
  if (megabytes > limits.megabytes) {
    faults.push({
      file,
      field: 'limits.megabytes',
      problem: `The PDF has ${megabytes.toFixed(1)} MB, more than ${limits.megabytes}.`,
      mend: 'Use fewer or smaller charts, or raise the limit.',
    });
  }
  if (faults.length > 0) throw new AppError('pdf-invalid', faults);
}
