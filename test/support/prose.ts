import Handlebars from 'handlebars';
import { parse as parseHtml, type DefaultTreeAdapterTypes as Html } from 'parse5';

/** The attributes that readers see or hear. Style sheets print `data-label`. */
const readOut = ['alt', 'title', 'aria-label', 'aria-description', 'placeholder', 'label', 'data-label'];
const isProse = (text: string): boolean => /\p{L}/u.test(text);

/**
 * The words written out in a template: in its text, in attributes that are read out, and in what its style sheets print.
 * Each expression becomes a mark that HTML takes as text, so that no tag breaks.
 */
export function proseIn(template: string): string[] {
  const found: string[] = [];
  const html: string[] = [];
  class Contents extends Handlebars.Visitor {
    override ContentStatement(content: hbs.AST.ContentStatement): void {
      html.push(String(content.original));
    }

    override MustacheStatement(): void {
      html.push('·');
    }
  }
  new Contents().accept(Handlebars.parse(template));
  const walk = (node: Html.ParentNode): void => {
    for (const child of node.childNodes) {
      if (child.nodeName === 'style' && 'childNodes' in child)
        for (const text of child.childNodes)
          if ('value' in text)
            found.push(...(text.value.match(/"[^"\n]*"|'[^'\n]*'/g) ?? []).filter(isProse));
      if ('value' in child && node.nodeName !== 'style' && isProse(child.value))
        found.push(child.value.trim());
      if ('attrs' in child)
        found.push(
          ...child.attrs
            .filter(({ name, value }) => readOut.includes(name) && isProse(value))
            .map(({ value }) => value),
        );
      if ('childNodes' in child) walk(child);
    }
  };
  walk(parseHtml(html.join('')));
  return found;
}
