import { structuredPatch } from 'diff';

/** A line of a difference: in both texts, only in the accepted one, only in the rendered one, or a heading. */
export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added' | 'heading';
  readonly text: string;
}

/** Unchanged lines before and after each change. */
const CONTEXT_LINES = 3;
/** Further lines are only counted: nobody reads that far, and one rewritten file would bury the next. */
const MAX_LINES = 120;

/** A unified difference of two texts. Its headings give file and line in a form that a terminal can open. */
export function unifiedDiff({
  file,
  accepted,
  rendered,
}: {
  file: string;
  accepted: string | null;
  rendered: string | null;
}): DiffLine[] {
  const head: DiffLine[] = [
    { kind: 'removed', text: accepted === null ? '--- nothing accepted yet' : `--- ${file} (accepted)` },
    { kind: 'added', text: rendered === null ? '+++ no longer rendered' : `+++ ${file} (rendered)` },
  ];
  if (accepted === null || rendered === null) {
    const count = (accepted ?? rendered ?? '').replace(/\n$/, '').split('\n').length;
    return [...head, { kind: 'heading', text: `@@ ${file}:1 @@ ${count} lines` }];
  }
  const { hunks } = structuredPatch(file, file, accepted, rendered, '', '', { context: CONTEXT_LINES });
  const body = hunks.flatMap(({ oldStart, lines }): DiffLine[] => {
    // The line of the change itself, where an editor should open.
    const change = lines.findIndex((line) => !line.startsWith(' '));
    return [{ kind: 'heading', text: `@@ ${file}:${oldStart + change} @@` }, ...lines.map(lineOf)];
  });
  const left = body.length - MAX_LINES;
  return [
    ...head,
    ...body.slice(0, MAX_LINES),
    ...(left > 0 ? [{ kind: 'heading', text: `… and ${left} more lines` } as const] : []),
  ];
}

function lineOf(line: string): DiffLine {
  if (line.startsWith('\\')) return { kind: 'same', text: line };
  const kind = line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : 'same';
  return { kind, text: `${line.slice(0, 1)} ${line.slice(1)}` };
}
