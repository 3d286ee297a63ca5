import Handlebars from 'handlebars';
import { traceName } from './template/trace.ts';

/** A source's name for use in a page: when printed it leaves a trace, so that typed text is not taken for it. */
export class SourceName {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** Handlebars calls this instead of escaping the value itself. */
  toHTML(): string {
    return traceName(Handlebars.escapeExpression(this.#name));
  }
}
