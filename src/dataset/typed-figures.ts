// "quarters" and "third" by themselves are mostly no figures; "three quarters" is caught by its first word.
const words =
  `zero two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
  seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety twice dozens? hundreds? thousands?
  millions? billions? half halves quarter (?:one|a)[-\\s]third\\sof thirds`.split(/\s+/);
const figure = new RegExp(`\\p{N}+(?:[.,:]\\p{N}+)*|\\b(?:${words.join('|')})\\b`, 'giu');

/**
 * The figures typed into a text, in order: digits (also ½ and the like) and number words, but not "one", which is
 * mostly a pronoun, and not placeholders such as `{F07.value}`. A typed figure stays when its row is revised.
 */
export function typedFigures(text: string): string[] {
  return text.replaceAll(/\{[A-Za-z][A-Za-z0-9-]*\.[a-z_]+\}/g, ' ').match(figure) ?? [];
}
