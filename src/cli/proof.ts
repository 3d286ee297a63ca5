import type { Shell } from './context.ts';
import { explained } from '../editions/format.ts';
import { AppError, describeFault } from '../errors.ts';
import type { PdfFile } from '../pdf/read.ts';
import { explain } from '../production/explain.ts';
import type { Repository } from '../production/open-edition.ts';
import { type EditionNames, type Verification, verify } from '../production/verify.ts';
import type { Recorded } from '../provenance/alterations.ts';

export interface ProofWorld extends Repository, Pick<Shell, 'print' | 'fail'> {
  readPdf(file: string): Promise<PdfFile>;
  /** The recorded hashes of an edition in an output folder. */
  recordsOf(out: string, named: EditionNames): Promise<readonly Recorded[]>;
}

export type ProofCommands = ReturnType<typeof proofCommands>;

export function proofCommands(world: ProofWorld) {
  return {
    verify: async (file: string, { out, json }: { out: string; json: boolean }): Promise<void> => {
      const { pdf, beside, altered } = await world.readPdf(file);
      const recordsOf = (named: EditionNames) => world.recordsOf(out, named);
      const found = await inFile(file, verify(pdf, { beside, altered, recordsOf, repository: world }));
      world.print(json ? JSON.stringify(found, null, 2) : describeVerification(found));
      // A negative answer is not an error.
      if (found.verdict !== 'identical') world.fail();
    },

    explain: async (file: string, phrase: string, { json }: { json: boolean }): Promise<void> => {
      const { pdf } = await world.readPdf(file);
      const found = await inFile(file, explain(pdf, { phrase, repository: world }));
      world.print(json ? JSON.stringify(found, null, 2) : explained(found));
      if (found.places.length === 0) world.fail();
    },
  };
}

/** Faults in a PDF name its file. */
const inFile = <T>(file: string, work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code !== 'pdf-invalid') throw error;
    throw new AppError(
      error.code,
      error.faults.map((fault) => ({ file, ...fault })),
      { cause: error },
    );
  });

const heads: { readonly [verdict in Verification['verdict']]: string } = {
  identical: 'identical: rendered again from this repository, it has the same bytes',
  differs: 'differs: rendered again from this repository, it has other bytes',
  altered: 'altered: this PDF, or its record, is not what was generated',
};

function describeVerification({
  verdict,
  edition,
  sha256,
  rendered,
  alterations,
  differences,
  faults,
  notes,
}: Verification) {
  const again = rendered === null ? 'cannot be generated' : rendered;
  return [
    `${edition}: ${heads[verdict]}`,
    ...alterations.map((each) => `  ${each}`),
    ...differences.map(({ kind, says }) => `  ${kind}: ${says}`),
    ...faults.map((fault) => `  cannot be rendered: ${describeFault(fault)}`),
    ...notes.map((each) => `  note: ${each}`),
    `  this PDF: ${sha256}`,
    ...(rendered === sha256 ? [] : [`  generated here: ${again}`]),
  ].join('\n');
}
