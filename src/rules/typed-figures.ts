import { typedFigures } from '../dataset/typed-figures.ts';
import type { Fault } from '../errors.ts';
import type { SourceFile } from '../project/brief.ts';
import type { Draft } from './draft.ts';
import { decode } from './html.ts';
import { figuresInStyle } from './style.ts';
import { methodFile } from './texts.ts';

/** A figure with the line that it stands in, counted from 0. */
interface Typed {
  readonly line: number;
  readonly figure: string;
}

/** Figures belong in the data: a template, or a style, that types one cannot follow when the data change. */
export const typedIn = ({ brief }: Pick<Draft, 'brief'>): Fault[] => [
  ...[brief.template, ...Object.values(brief.partials)].flatMap((source) => faultsOf(source, inTemplate)),
  ...faultsOf(brief.styles, ({ text }) => figuresInStyle(text)),
];

/** A file is read once, and not for each edition. */
const checked = new WeakMap<SourceFile, Fault[]>();

function faultsOf(source: SourceFile, find: (source: SourceFile) => readonly Typed[]): Fault[] {
  const known = checked.get(source);
  if (known) return known;
  const typed = new Map(find(source).map((each) => [`${each.line} ${each.figure}`, each]));
  const faults = [...typed.values()]
    .toSorted((a, b) => a.line - b.line)
    .map(({ line, figure }) => ({
      file: source.file,
      line: line + 1,
      problem: `The figure "${figure}" is typed into a ${source.file.endsWith('.css') ? 'style sheet' : 'template'}.`,
      mend: 'Put it into the row that states it, and print the row.',
    }));
  checked.set(source, faults);
  return faults;
}

const shown =
  /\s(?:alt|title|aria-(?!labelledby|describedby|controls|owns|level)[\w-]+|start|value|label|placeholder|abbr|summary|data-[\w-]+)\s*=\s*/;
const value = /("[^"]*"|'[^']*'|[^\s>"']+)/;
const shownAttribute = new RegExp(shown.source + value.source, 'gi');
const styleAttribute = new RegExp(/\sstyle\s*=\s*/.source + value.source, 'gi');
const tag = /<(?:"[^"]*"|'[^']*'|[^>"'])*>/g;
/** Tags that part no word: `s<b>i</b>x` is read as "six". */
const inlineTag =
  /^<\/?(?:a|abbr|b|bdi|bdo|cite|code|em|i|kbd|mark|q|s|small|span|strong|sub|sup|tspan|u|var|wbr)\b/i;
/** Marks that are read with none of their own: soft hyphens, joiners. */
const unseen = /[\u00ad\u200b-\u200d\u2060\ufeff]/g;

function inTemplate({ file, text }: SourceFile): Typed[] {
  // The method explains scales whose figures are conventions.
  if (methodFile.test(file)) return [];
  const found: Typed[] = [];
  const at = (index: number): number => text.slice(0, index).split('\n').length - 1;
  const figuresAt = (line: number, words: string): Typed[] =>
    words
      .split('\n')
      .flatMap((each, down) => typedFigures(each).map((figure) => ({ line: line + down, figure })));

  // Each step blanks out what it has read, so that lines and places stay.
  const bare = text
    .replaceAll(/\{\{!--[\s\S]*?--\}\}|\{\{![^}]*\}\}/g, gone)
    .replaceAll(/\{\{[^}]*\}\}/g, (call, index: number) => {
      found.push(...figuresAt(at(index), printedLiterals(call)));
      return gone(call);
    });
  const prose = bare
    .replaceAll(/<style\b[^>]*>([\s\S]*?)<\/style>/gi, (sheet, css: string, index: number) => {
      const line = at(index + sheet.indexOf(css));
      found.push(
        ...figuresInStyle(css.replaceAll(hole, ' ')).map((each) => ({ ...each, line: line + each.line })),
      );
      return blank(sheet);
    })
    .replaceAll(tag, (given, index: number) => {
      const whole = given.replaceAll(hole, ' ');
      for (const [, words = ''] of whole.matchAll(shownAttribute))
        found.push(...figuresAt(at(index), decode(words)));
      for (const [, css = ''] of whole.matchAll(styleAttribute))
        found.push(
          ...figuresInStyle(unquoted(decode(css))).map(({ figure }) => ({ figure, line: at(index) })),
        );
      return inlineTag.test(whole) ? gone(whole) : blank(whole);
    });
  // With a blank where something was, and without: neither a call nor a comment parts a word by itself.
  const joined = (words: string) => decode(words).replaceAll(unseen, '');
  const lines = prose.replaceAll(hole, ' ').split('\n');
  const closed = prose.replaceAll(hole, '').split('\n');
  for (const [line, words] of [...lines.entries(), ...closed.entries()])
    found.push(...figuresAt(line, joined(words).replaceAll('\n', ' ')));
  return found;
}

/** Stands where something was that readers do not see: within a word it parts nothing. */
const hole = '\u0000';
const gone = (text: string): string => text.replaceAll(/[^\n]/g, hole);
const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ');
const unquoted = (text: string): string => text.replace(/^(["'])(.*)\1$/s, '$2');

/** Literals that a call may print; what it names rows, columns and figures by is none. */
function printedLiterals(call: string): string {
  const named = /\b(?:cite|notes|show|figure|column)\b(?:\s+(?:"[^"]*"|'[^']*'|[\w.@/-]+))*/g;
  const rest = call.replaceAll(named, ' ');
  return [...rest.matchAll(/"([^"]*)"|'([^']*)'|(?<![\w.@/[-])(\d+)/g)]
    .map(([, double, single, number]) => double ?? single ?? number ?? '')
    .join(' ');
}
