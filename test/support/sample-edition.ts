import { hashOf } from '../../src/hash.ts';
import type { FileToStore, Manifest } from '../../src/render/manifest.ts';
import { sampleManifest } from './sample-manifest.ts';

export interface SampleEdition {
  readonly files: FileToStore[];
  readonly description: Manifest;
  readonly pdf: { readonly name: string; readonly sha256: string };
}

/** An edition that says `text`, in two files. */
export function sampleEdition(text: string): SampleEdition {
  const content = new TextEncoder().encode(`pdf of ${text}`);
  const files = [
    { name: 'a.pdf', content },
    { name: 'a.html', content: `html of ${text}` },
  ];
  const described = files.map(({ name, content: bytes }) => ({
    name,
    bytes: Buffer.byteLength(bytes),
    sha256: hashOf(bytes),
  }));
  const made = { inputs: hashOf(text), known: [], pages: 2, highlights: null, files: described };
  return {
    files,
    description: { ...sampleManifest, ...made },
    pdf: { name: 'a.pdf', sha256: hashOf(content) },
  };
}
