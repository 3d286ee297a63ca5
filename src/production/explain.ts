import { AppError } from '../errors.ts';
import { compareManifests, type Difference } from '../provenance/compare.ts';
import { type Explained, explainPage } from '../provenance/explain-page.ts';
import { describeRendering } from '../provenance/make-manifest.ts';
import { readProof } from '../provenance/read-proof.ts';
import { openEdition, type Repository } from './open-edition.ts';
import { render } from './produce.ts';

export interface Explanation extends Explained {
  readonly phrase: string;
  /** For example `weekly/2021-08-22`. */
  readonly edition: string;
  /** Whether the current inputs give the page of this PDF. */
  readonly isSamePage: boolean;
  /** Why the answer may not apply to this PDF, one sentence each. */
  readonly warnings: readonly string[];
  /** How the edition would differ if generated today. */
  readonly differences: readonly Difference[];
}

/**
 * Traces a number or phrase in a PDF to rows, sources, queries and the line of the template. The answer comes from the
 * repository, so it is certain only if the repository still gives the page of the PDF. Prints and writes nothing.
 * Throws `pdf-invalid`, or the faults of an edition that can no longer be rendered.
 */
export async function explain(
  pdf: Uint8Array,
  { phrase, repository }: { phrase: string; repository: Omit<Repository, 'signal'> },
): Promise<Explanation> {
  const { manifest, intact, readPages } = await readProof(pdf);
  const { request, faults } = await openEdition(manifest, repository);
  if (request === undefined) throw new AppError('brief-invalid', faults);
  const { brief, dataset, id: edition } = request;
  const material = await repository.loadMaterial();
  const rendering = await render(request, repository.effects, material, { explained: true });
  const found = explainPage(phrase, { brief, rendering, contents: readPages() });
  const { browser } = manifest.engine;
  const now = describeRendering(request, rendering, { material, browser, attachments: manifest.attachments });
  // The rules do not run again here.
  const differences = compareManifests(
    { was: manifest, is: { ...now, rules: manifest.rules } },
    dataset.tables,
  );
  const isSamePage = manifest.html.sha256 === now.html.sha256;
  return {
    phrase,
    edition,
    isSamePage,
    warnings: [
      ...(intact
        ? []
        : ['The PDF was altered after it was generated, so its content may differ from the original.']),
      ...(isSamePage
        ? []
        : ['The page has changed since this PDF was generated: the answer describes the page as it is now.']),
    ],
    differences: isSamePage ? [] : differences,
    ...found,
  };
}
