import { diff } from 'node:util';

/** A line of a difference: of both texts, of the accepted one alone, of the rendered one alone, or a heading. */
export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added' | 'heading';
  readonly text: string;
}

/** So many unchanged lines stand before and after each change. */
const CONTEXT = 3;
/** What does not fit is counted: nobody reads on, and a rewritten file would bury the next. */
const MOST_LINES = 120;

/** A unified difference of two texts; its headings name the file and the line, so that a terminal can open it. */
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
    { kind: 'removed', text: accepted === null ? '--- nothing was accepted yet' : `--- ${file} (accepted)` },
    { kind: 'added', text: rendered === null ? '+++ is not rendered any more' : `+++ ${file} (rendered)` },
  ];
  if (accepted === null || rendered === null) {
    const count = linesOf(accepted ?? rendered ?? '').length;
    return [...head, { kind: 'heading', text: `@@ ${file}:1 @@ ${count} lines` }];
  }
  const body = hunks(file, linesOf(accepted), linesOf(rendered));
  const left = body.length - MOST_LINES;
  return [
    ...head,
    ...body.slice(0, MOST_LINES),
    ...(left > 0 ? [{ kind: 'heading', text: `… and ${left} lines more` } as const] : []),
  ];
}

const linesOf = (text: string): string[] => text.replace(/\n$/, '').split('\n');

function hunks(file: string, accepted: readonly string[], rendered: readonly string[]): DiffLine[] {
  // Node's calls what only its first text has an insertion.
  const edits = removedFirst(diff(rendered, accepted));
  const near = edits.map(() => false);
  for (const [index, [operation]] of edits.entries())
    if (operation !== 0)
      near.fill(true, Math.max(0, index - CONTEXT), Math.min(edits.length, index + CONTEXT + 1));
  const lines: DiffLine[] = [];
  let line = 1;
  for (const [index, [operation, text]] of edits.entries()) {
    if (near[index] && !near[index - 1]) {
      // The line of the change itself: that is where an editor should open.
      const same = edits.slice(index).findIndex(([each]) => each !== 0);
      lines.push({ kind: 'heading', text: `@@ ${file}:${line + same} @@` });
    }
    if (near[index])
      lines.push(
        operation === 0
          ? { kind: 'same', text: `  ${text}` }
          : operation > 0
            ? { kind: 'added', text: `+ ${text}` }
            : { kind: 'removed', text: `- ${text}` },
      );
    // A line that is only rendered has no number in the accepted file.
    if (operation <= 0) line += 1;
  }
  return lines;
}

type Edit = readonly [operation: number, text: string];

/** What was stands above what is, as every reader of differences is used to. */
function removedFirst(edits: readonly Edit[]): Edit[] {
  const ordered: Edit[] = [];
  let added: Edit[] = [];
  for (const edit of edits) {
    if (edit[0] > 0) added.push(edit);
    else if (edit[0] < 0) ordered.push(edit);
    else {
      ordered.push(...added, edit);
      added = [];
    }
  }
  return [...ordered, ...added];
}
