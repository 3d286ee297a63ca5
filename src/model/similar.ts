/** The choice that a misspelt word most likely stands for, if any is close enough. */
export function similarTo(word: string, choices: Iterable<string>): string | undefined {
  const most = word.length < 4 ? 1 : word.length < 8 ? 2 : 3;
  let nearest: { readonly choice: string; readonly edits: number } | undefined;
  for (const choice of choices) {
    if (Math.abs(choice.length - word.length) > most) continue;
    const edits = editsBetween(word.toLowerCase(), choice.toLowerCase());
    if (edits <= most && edits < choice.length && (nearest === undefined || edits < nearest.edits))
      nearest = { choice, edits };
  }
  return nearest?.choice;
}

/** Damerau–Levenshtein distance, restricted to swaps of neighbours (optimal string alignment). */
function editsBetween(one: string, other: string): number {
  let [twoBefore, before]: number[][] = [[], Array.from({ length: other.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const at = (cells: number[] | undefined, index: number) => cells?.[index] ?? Infinity;
      const change = one[i - 1] === other[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row[j] = Math.min(
        at(before, j) + 1,
        at(row, j - 1) + 1,
        at(before, j - 1) + change,
        swapped ? at(twoBefore, j - 2) + 1 : Infinity,
      );
    }
    [twoBefore, before] = [before ?? [], row];
  }
  return before?.[other.length] ?? Infinity;
}
