import type { Dataset } from '../../dataset/schema.ts';
import type { OpenFile } from '../../editions/files.ts';
import type { Explanation } from '../../production/explain.ts';
import type { Brief } from '../../project/brief.ts';

/** Effects for the pages, apart from the service. */
export interface PageDependencies {
  /** Reads a text file in `web/`. */
  readonly readAsset: (name: string) => Promise<string>;
  readonly loadMaterial: () => Promise<{ readonly fontFaces: string }>;
  readonly loadBrief: (id: string) => Promise<Brief>;
  readonly loadDataset: (name: string) => Promise<Dataset>;
  readonly readFile: (folder: string, name: string) => Promise<Uint8Array | undefined>;
  /** Draws the first page of an edition's HTML as a PNG; undefined if the HTML is missing. */
  readonly picture: (html: OpenFile) => Promise<Uint8Array | undefined>;
  /** Explains the origin of a number or phrase in a PDF. */
  readonly explain: (pdf: Uint8Array, phrase: string) => Promise<Explanation>;
  readonly now: () => Date;
}
