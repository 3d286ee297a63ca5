import { type DeliverySettings, isExample } from '../delivery/settings.ts';
import { alignColumns, localTime, utcTime } from '../editions/format.ts';
import type { Brief } from '../project/brief.ts';
import { comingSlots } from '../scheduler/slots.ts';
import type { Role } from '../scheduler/worker.ts';

/** The service's message when it is ready: coming slots, what is on hold, and how to see the past. */
export function greeting(
  briefs: readonly Brief[],
  service: {
    now: Date;
    port: number;
    roles: readonly Role[];
    settings: DeliverySettings;
    /** Messages that need attention first. */
    notices: readonly string[];
    /** A link that logs one browser in; null if it must not be printed. */
    link: string | null;
    /** Whether the ledger is on a server, whose processes create no more links. */
    isServer: boolean;
  },
): string[] {
  const { port, roles, settings, link } = service;
  const login = service.isServer
    ? 'npx sitrep token add NAME --may operate --clearance TLP:RED makes a token for /login'
    : 'npx sitrep open logs you in';
  const byMail = briefs.filter(({ config }) => config.deliver.some((target) => 'email' in target));
  const examples = briefs.flatMap(({ definition, config }) =>
    config.deliver.flatMap((to) =>
      'email' in to && isExample(to, settings)
        ? [`${to.email} in ${definition.file} is an example and gets nothing. Put your own address there.`]
        : [],
    ),
  );
  return [
    ...service.notices,
    ...examples,
    `Running as ${roles.join(', ')}. Health and metrics: http://127.0.0.1:${port}/readyz, /healthz, /metrics.`,
    ...(roles.includes('server')
      ? [
          ...(link === null
            ? [`The pages need a login: ${login}.`]
            : [`The pages: ${link}`, `This link works once, within an hour. Later: ${login}.`]),
          `The API is documented at http://127.0.0.1:${port}/docs.`,
        ]
      : []),
    ...(roles.includes('scheduler')
      ? [
          'Next slots:',
          slotsTable(slotsOf(briefs, { now: service.now, count: 1 })),
          'For past slots: npx sitrep backfill weekly --from 2021-08-02 --to 2021-08-30',
        ]
      : []),
    ...(briefs.every(({ config }) => config.deliver.length === 0)
      ? ['No brief has targets ("deliver" in brief.yaml): editions only go to the output folder.']
      : []),
    ...(settings.mail === null && byMail.length > 0
      ? [`Mail is not set up (SITREP_SMTP_URL): mail of ${byMail.map(({ id }) => id).join(', ')} is on hold.`]
      : []),
    ...alertNotice(settings),
    'To see what happened: npx sitrep runs, npx sitrep deliveries. Press Ctrl-C to stop; a running edition finishes first.',
  ];
}

function alertNotice({ mail, operator, operatorWebhook }: DeliverySettings): string[] {
  if (operator === null && operatorWebhook === null)
    return [
      'No operator is set: nobody is alerted when an edition or a delivery fails. Set SITREP_OPERATOR or SITREP_OPERATOR_WEBHOOK.',
    ];
  if (mail === null && operatorWebhook === null)
    return ['Mail is not set up (SITREP_SMTP_URL): alerts only go to alerts.log in the output folder.'];
  return [];
}

/** The next slots of each brief, in order of time. */
export const slotsOf = (briefs: readonly Brief[], { now, count }: { now: Date; count: number }) =>
  briefs
    .flatMap(({ id, config: { schedule } }) =>
      comingSlots(schedule, now, count).map(({ at, asOf }) => ({
        brief: id,
        slot: at.toISOString(),
        local: localTime(at, schedule.timezone),
        timezone: schedule.timezone,
        asOf,
      })),
    )
    .toSorted((a, b) => (`${a.slot} ${a.brief}` < `${b.slot} ${b.brief}` ? -1 : 1));

export const slotsTable = (slots: ReturnType<typeof slotsOf>): string =>
  alignColumns([
    ['BRIEF', 'LOCAL TIME', 'TIME ZONE', 'IN UTC', 'REPORTS THROUGH'],
    ...slots.map(({ brief, local, timezone, slot, asOf }) => [
      brief,
      local,
      timezone,
      utcTime(new Date(slot)),
      asOf,
    ]),
  ]);
