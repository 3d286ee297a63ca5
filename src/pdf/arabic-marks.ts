import { type PDFDocument, PDFName } from '@cantoo/pdf-lib';
import { contentOf } from './contents.ts';
import { openStreams } from './streams.ts';

/**
 * Lets programs that extract text find whole words of Arabic. The fonts draw most letters as a base and dots, and
 * Chromium paints the dots of each letter before its base. Many programs take the place of the dots for that of the
 * letter, and put spaces between letters. So the dots of a word are painted first, as text that stands for nothing, and
 * then its bases, which stand for the letters. The pages look the same.
 */
export function paintMarksFirst(document: PDFDocument): void {
  const decode = openStreams();
  for (const page of document.getPages()) {
    const content = contentOf(page, decode);
    const changed = content.replaceAll(reversedText, marksFirst);
    if (changed !== content)
      page.node.set(PDFName.of('Contents'), document.context.register(document.context.flateStream(changed)));
  }
}

/** One text object of a font and of letters from right to left. */
const reversedText = /BT\n\/ReversedChars BMC\n((?:(?!ET\n).*\n)*)EMC\nET\n/g;

interface Glyph {
  readonly x: number;
  readonly y: number;
  readonly code: string;
}
/** The glyphs of one letter, its base last; `actual` is the letter, where it is not that of the glyph. */
interface Letter {
  readonly actual: string | null;
  readonly glyphs: Glyph[];
}

function marksFirst(whole: string, body: string): string {
  const letters: Letter[] = [];
  const setup: string[] = [];
  let inside: Letter | undefined;
  let [x, y] = [0, 0];
  for (const line of body.trimEnd().split('\n')) {
    const [, actual] = /^\/Span<<\/ActualText <([0-9A-F]+)> >> BDC$/.exec(line) ?? [];
    const [, dx = '0', dy = '0', code] = /^(?:([\d.-]+) ([\d.-]+) Td )?<([0-9A-F]+)> Tj$/.exec(line) ?? [];
    if (actual !== undefined) letters.push((inside = { actual, glyphs: [] }));
    else if (line === 'EMC') inside = undefined;
    else if (/ T[fm]$/.test(line)) setup.push(line);
    else if (code !== undefined) {
      [x, y] = [x + Number(dx), y + Number(dy)];
      if (inside === undefined) letters.push({ actual: null, glyphs: [{ x, y, code }] });
      else inside.glyphs.push({ x, y, code });
    } else return whole;
  }
  const marks = letters.flatMap(({ glyphs }) => glyphs.slice(0, -1));
  if (marks.length === 0) return whole;
  let at = { x: 0, y: 0 };
  const show = (glyph: Glyph): string => {
    const moved = [glyph.x - at.x, glyph.y - at.y].map((by) => String(Number(by.toFixed(4))));
    at = glyph;
    return `${moved.join(' ')} Td <${glyph.code}> Tj`;
  };
  const standingFor = (actual: string, shown: readonly string[]) => [
    `/Span<</ActualText <${actual}> >> BDC`,
    ...shown,
    'EMC',
  ];
  const lines = [
    ...setup,
    ...standingFor('FEFF', marks.map(show)),
    ...letters.flatMap(({ actual, glyphs }) => {
      const shown = glyphs.slice(-1).map(show);
      return actual === null ? shown : standingFor(actual, shown);
    }),
  ];
  return `BT\n/ReversedChars BMC\n${lines.join('\n')}\nEMC\nET\n`;
}
