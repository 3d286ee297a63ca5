import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import type { SourceFile } from './brief.ts';
import type { Fault } from './fault.ts';

/** The line of a key of a YAML or JSON document, or of the nearest one above it that is there. */
export function lineOf(
  { contents }: Pick<Document, 'contents'>,
  lines: LineCounter,
  path: readonly string[],
): number | undefined {
  let node: unknown = contents;
  let place: unknown;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
      if (pair === undefined) break;
      [place, node] = [pair.key, pair.value];
    } else if (isSeq(node) && node.items[Number(step)] !== undefined) {
      node = node.items[Number(step)];
      place = node;
    } else break;
  }
  return isNode(place) && place.range ? lines.linePos(place.range[0]).line : undefined;
}

/** Faults with the lines of their fields, such as `layer[0].encoding.x`, in the JSON file that has them. */
export function located(faults: readonly Fault[], { file, text }: SourceFile): Fault[] {
  const lines = new LineCounter();
  let document: Document | undefined;
  return faults.map((fault) => {
    if (fault.file !== file || fault.field === undefined || fault.line !== undefined) return fault;
    document ??= parseDocument(text, { lineCounter: lines });
    const line = lineOf(
      document,
      lines,
      fault.field.split(/[.[\]]+/).filter((step) => step !== ''),
    );
    return line === undefined ? fault : { ...fault, line };
  });
}
