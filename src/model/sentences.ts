/** What stands between quotation marks: the words of someone else. */
export const quoted = /[“"][^”"]*[”"]/g;

/** The sentences of a paragraph. A colon and a semicolon do not end one. */
export const sentencesOf = (text: string): string[] =>
  text.split(/(?<=[.?!]["”]?\d*[\d,–]*)\s+(?=[\p{Lu}“"])/u);
