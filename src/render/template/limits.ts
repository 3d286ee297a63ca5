import type Handlebars from 'handlebars';
import { AppError } from '../../errors.ts';

/** Loop iterations, partial calls and items of lists passed to helpers: our own briefs use a few hundred. */
const MOST_ROUNDS = 200_000;
const CALLS_BETWEEN_CHECKS = 64;
/** The characters of a page, including traces: a long brief has a million, mostly fonts. */
const MOST_CHARACTERS = 20_000_000;

/**
 * Counts the work of one rendering. A template runs without interruption and cannot be stopped from outside, so it
 * stops itself. Faults name no file: the caller knows the location.
 */
export class RenderingLimits {
  #rounds = 0;
  #calls = 0;
  readonly #check: (() => void) | undefined;

  constructor(check: (() => void) | undefined) {
    this.#check = check;
  }

  /** Throws `template-invalid`. */
  readonly addRounds = (rounds: number): void => {
    this.#calls += 1;
    if (this.#calls % CALLS_BETWEEN_CHECKS === 0) this.#check?.();
    this.#rounds += rounds;
    if (this.#rounds > MOST_ROUNDS)
      throw tooMuch(
        `The page needs more than ${MOST_ROUNDS.toLocaleString('en-GB')} rounds of loops, partials and lists.`,
        'Select fewer rows, or join them in SQL instead of in nested loops.',
      );
  };

  /** Throws `template-invalid`. */
  readonly checkLength = (characters: number): void => {
    if (characters > MOST_CHARACTERS)
      throw tooMuch(
        `The page is longer than ${MOST_CHARACTERS.toLocaleString('en-GB')} characters.`,
        'Select fewer rows, or print less of each.',
      );
  };

  /** The helper `each`, counting each iteration. */
  each(each: Handlebars.HelperDelegate): Handlebars.HelperDelegate {
    const { addRounds, checkLength } = this;
    return function (this: unknown, items: unknown, options: Handlebars.HelperOptions): unknown {
      let characters = 0;
      const fn: Handlebars.TemplateDelegate<unknown> = (item, given) => {
        addRounds(1);
        const text = options.fn(item, given);
        characters += text.length;
        checkLength(characters);
        return text;
      };
      return Reflect.apply(each, this, [items, { ...options, fn }]);
    };
  }
}

const tooMuch = (problem: string, hint: string) => new AppError('template-invalid', [{ problem, hint }]);
