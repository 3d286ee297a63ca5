import Handlebars from 'handlebars';
import { isRightToLeft, type Locale } from '../locale.ts';
import { traceName } from './template/trace.ts';

/** A source's name for use in a page: when printed it leaves a trace, so that typed text is not taken for it. */
export class SourceName {
  readonly #name: string;
  readonly #direction: Locale['direction'];

  /** `direction` is that of the page. */
  constructor(name: string, direction: Locale['direction']) {
    this.#name = name;
    this.#direction = direction;
  }

  /** Handlebars calls this instead of escaping the value itself. */
  toHTML(): string {
    const html = traceName(Handlebars.escapeExpression(this.#name));
    // Without isolates, two names in a row that are written the other way change places.
    return isRightToLeft(this.#name) === (this.#direction === 'rtl') ? html : `\u2068${html}\u2069`;
  }
}
