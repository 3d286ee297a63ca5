import type { FastifyReply, FastifyRequest } from 'fastify';
import Handlebars from 'handlebars';
import type { Locale } from '../../locale.ts';

const pages = ['overview', 'brief', 'edition', 'explain', 'operator', 'record', 'login', 'problem'] as const;
type PageName = (typeof pages)[number];
const partials = ['layout', 'state', 'actions', 'reasons', 'instant', 'fact', 'deliveries', 'more'] as const;

export type Show = (
  of: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  page: PageName,
  context: { readonly title: string; readonly [name: string]: unknown },
) => FastifyReply;

/** Compiles every page of `web/pages/`, so that a missing one is found at startup. */
export async function openTemplates(readAsset: (name: string) => Promise<string>, locale: Locale) {
  const handlebars = Handlebars.create();
  handlebars.registerHelper('t', (key: string, { hash }: Handlebars.HelperOptions) => locale.text(key, hash));
  const read = (name: string) => readAsset(`pages/${name}.hbs`);
  for (const name of partials) handlebars.registerPartial(name, await read(name));
  const compiled = new Map<PageName, Handlebars.TemplateDelegate>();
  for (const name of pages) compiled.set(name, handlebars.compile(await read(name), { strict: true }));
  return (name: PageName, context: object): string => compiled.get(name)?.(context) ?? '';
}
