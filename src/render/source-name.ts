import Handlebars from 'handlebars';
import { traceName } from './trace.ts';

/** The name of a source on its way into a page: printed, it leaves a trace, so that nothing typed can pass for it. */
export class SourceName {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** Called by Handlebars in place of its own escaping. */
  toHTML(): string {
    return traceName(Handlebars.escapeExpression(this.#name));
  }
}
