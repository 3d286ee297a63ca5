import { AppError } from '../errors.ts';
import { editionId } from '../ledger/edition-id.ts';
import { compareManifests, type Difference } from '../provenance/compare.ts';
import { type Explained, explainPage } from '../provenance/explain-page.ts';
import { describeRendering } from '../provenance/make-manifest.ts';
import { readProof } from '../provenance/read-proof.ts';
import { openEdition, type Repository } from './open-edition.ts';
import { render } from './produce.ts';

export interface Explanation extends Explained {
  readonly phrase: string;
  /** Such as `weekly/2021-08-22`. */
  readonly edition: string;
  /** Whether what it is made from today gives the page of this PDF. */
  readonly isSamePage: boolean;
  /** Why the answer may not be that of this PDF, a sentence each. */
  readonly warnings: readonly string[];
  /** In what the edition would be made otherwise today. */
  readonly differences: readonly Difference[];
}

/**
 * What a number or phrase in a PDF was made from: rows, sources, queries, and the line of the template. It is told from
 * the repository, and so for certain only where that still gives the page of the PDF. Nothing is printed or written.
 * Throws `pdf-invalid`, and the faults of an edition that cannot be rendered any more.
 */
export async function explain(
  pdf: Uint8Array,
  { phrase, repository }: { phrase: string; repository: Omit<Repository, 'signal'> },
): Promise<Explanation> {
  const { manifest, intact, readPages } = await readProof(pdf);
  const { request, faults } = await openEdition(manifest, repository);
  if (request === undefined) throw new AppError('brief-invalid', faults);
  const { brief, dataset, asOf, paper, parameters } = request;
  const material = await repository.loadMaterial();
  const rendering = await render(request, repository.effects, material, { explained: true });
  const found = explainPage(phrase, { brief, rendering, contents: readPages() });
  const { browser } = manifest.engine;
  const now = describeRendering(request, rendering, { material, browser, attachments: manifest.attachments });
  // Rules are not asked again here.
  const differences = compareManifests(
    { was: manifest, is: { ...now, rules: manifest.rules } },
    dataset.tables,
  );
  const isSamePage = manifest.html.sha256 === now.html.sha256;
  return {
    phrase,
    edition: editionId({
      brief: brief.id,
      asOf,
      paper,
      ownPaper: brief.config.paper,
      parameters,
      revision: manifest.correction?.revision,
    }),
    isSamePage,
    warnings: [
      ...(intact
        ? []
        : ['The PDF was altered after it was made: what stands in it need not be what was made.']),
      ...(isSamePage
        ? []
        : ['The page is made otherwise today than it was for this PDF: this is what it is made from now.']),
    ],
    differences: isSamePage ? [] : differences,
    ...found,
  };
}
