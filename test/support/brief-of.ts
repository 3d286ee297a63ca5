import { type Brief, briefConfig } from '../../src/project/brief.ts';
import { usualColours } from '../../src/project/colours.ts';
import { locale } from './locale.ts';

export const british = locale;

/** A brief made up of what a test cares for. */
export function briefOf({
  template = '',
  partials = {},
  ...config
}: {
  template?: string;
  partials?: { readonly [name: string]: string };
  readonly [key: string]: unknown;
} = {}): Brief {
  const source = (file: string, text: string) => ({ file: `templates/${file}`, text });
  return {
    id: 'test',
    config: briefConfig.parse({ ...minimalConfig, ...config }),
    definition: source('test/brief.yaml', ''),
    template: source('test/brief.hbs', template),
    partials: Object.fromEntries(
      Object.entries(partials).map(([name, text]) => [name, source(`_shared/partials/${name}.hbs`, text)]),
    ),
    queries: {},
    macros: [source('_shared/macros.sql', '')],
    charts: {},
    theme: { source: source('_shared/theme.json', '{}'), parsed: {} },
    styles: source('_shared/page.css', ''),
    locale: british,
    publisher: null,
    identity: { logo: null, colours: usualColours, fonts: [] },
    images: {},
  };
}

/** The least that a `brief.yaml` says. */
export const minimalConfig = {
  title: 'Test',
  subject: 'A test',
  topic: 'isis',
  dataset: 'test',
  schedule: { cron: '0 6 * * MON', timezone: 'Europe/London' },
  period: 'P7D',
  marking: 'TLP:CLEAR',
  limits: { pages: 4, megabytes: 3, seconds: 60 },
  golden: [{ asOf: '2021-08-25' }],
};
