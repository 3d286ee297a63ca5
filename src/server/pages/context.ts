import type { Dataset } from '../../dataset/schema.ts';
import type { OpenFile } from '../../editions/files.ts';
import type { Explanation } from '../../production/explain.ts';
import type { Brief } from '../../project/brief.ts';

/** What the pages need of the world, beside the service. */
export interface PagesWorld {
  /** A text in `web/`. */
  readonly readAsset: (name: string) => Promise<string>;
  readonly loadMaterial: () => Promise<{ readonly fontFaces: string }>;
  readonly loadBrief: (id: string) => Promise<Brief>;
  readonly loadDataset: (name: string) => Promise<Dataset>;
  readonly readFile: (folder: string, name: string) => Promise<Uint8Array | undefined>;
  /** The first page of an edition as a PNG, from its HTML; undefined where that is gone. */
  readonly picture: (html: OpenFile) => Promise<Uint8Array | undefined>;
  /** What a number or phrase in a PDF was made from. */
  readonly explain: (pdf: Uint8Array, phrase: string) => Promise<Explanation>;
  readonly now: () => Date;
}
