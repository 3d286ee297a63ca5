import { z } from 'zod';
import { type Marking, mayReceive } from '../dataset/fields.ts';
import { AppError, type Fault } from '../errors.ts';
import { redactAddress } from '../log.ts';
import type { Target } from '../project/target.ts';

/** Whether a host is this machine, so that messages to it stay off the network. */
const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host);

/** The error messages never repeat the value, because it may contain a password. */
const smtpUrl = z.string().transform((text, context) => {
  try {
    const url = new URL(text);
    const secure = url.protocol === 'smtps:';
    const host = url.hostname.replaceAll(/^\[|\]$/g, '');
    if (host === '' || !(secure || url.protocol === 'smtp:')) throw new TypeError('not SMTP');
    const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    return {
      host,
      port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
      /** TLS from the first byte instead of STARTTLS. */
      secure,
      /** If false, TLS is used only if the server offers it, and the certificate is not checked. */
      requireTls: !isLoopback(host) && !url.searchParams.has('insecure'),
      login: user === '' ? null : { user, password },
    };
  } catch {
    context.addIssue('is not an address such as smtps://user:password@mail.example.org');
    return z.NEVER;
  }
});

/** `Sitrep <briefs@example.org>`, or the address alone. */
const sender = z.string().transform((text, context) => {
  const named = /^([^<>"\p{Cc}]*)<([^<>]*)>$/u.exec(text);
  const [name, address] = named ? [named[1]?.trim() ?? '', named[2] ?? ''] : ['', text];
  if (z.email().safeParse(address).success) return { name, address };
  context.addIssue('is not a sender such as Sitrep <briefs@example.org>');
  return z.NEVER;
});

const hostNames = (example: string) =>
  z
    .string()
    .transform((list) => list.split(',').map((name) => name.trim().toLowerCase()))
    .refine(
      (list) => list.every((name) => /^[\w-]+(\.[\w-]+)*$/.test(name)),
      `is not a list of names such as ${example}`,
    );
const mailAddress = z.email('is not an e-mail address');

/** Standard Webhooks requires 24 to 64 bytes; the limits here are the length in base64. */
const signingSecret = z.string().refine((text) => {
  const encoded = text.replace(/^whsec_/, '');
  const letters = encoded.replace(/=+$/, '').length;
  return z.base64().safeParse(encoded).success && letters >= 32 && letters <= 86;
}, 'is not a secret of Standard Webhooks: whsec_ and 24 to 64 bytes in base64');

const positive = (fallback: number) =>
  z
    .string()
    .regex(/^\d{1,6}(\.\d{1,6})?$/, 'is not a number above 0')
    .transform(Number)
    .refine((value) => value > 0, 'is not a number above 0')
    .default(fallback);

/** The environment variables for delivery. */
export const deliveryVariables = z.object({
  SITREP_SMTP_URL: smtpUrl.optional(),
  SITREP_MAIL_FROM: sender.optional(),
  SITREP_MAIL_DOMAINS: hostNames('example.org,example.com').optional(),
  SITREP_MAIL_UNSUBSCRIBE: mailAddress.optional(),
  SITREP_MAIL_MAX_BYTES: z
    .string()
    .regex(/^\d{1,12}$/, 'is not a number of bytes')
    .transform(Number)
    .default(10_000_000),
  SITREP_OPERATOR: mailAddress.optional(),
  SITREP_OPERATOR_WEBHOOK: z
    .url({ protocol: /^https?$/, error: 'is not a http or https address' })
    .refine((text) => isLoopback(new URL(text).hostname) || text.startsWith('https:'), 'needs https')
    .optional(),
  SITREP_ALERT_MINUTES: positive(15),
  SITREP_WEBHOOK_SECRET: signingSecret.optional(),
  SITREP_WEBHOOK_HOSTS: hostNames('hooks.example.org').optional(),
  SITREP_PUBLIC_URL: z.url({ protocol: /^https?$/, error: 'is not a http or https address' }).optional(),
  SITREP_RETRY_DAYS: positive(5),
  SITREP_RETRY_FIRST_MINUTES: positive(5),
  SITREP_RETRY_LONGEST_MINUTES: positive(240),
});

export type DeliverySettings = ReturnType<typeof parseDeliverySettings>;
/** The mail server, the login, and the allowed recipients. */
export type MailSettings = NonNullable<DeliverySettings['mail']>;
export type WebhookSettings = NonNullable<DeliverySettings['webhook']>;
/** How long a failed or unanswered delivery is retried, and with what pauses. */
export type RetryPolicy = DeliverySettings['retry'];

/** The variables that are set. Empty ones count as absent. */
export const givenOf = (variables: {
  readonly [name: string]: string | undefined;
}): { readonly [name: string]: string | undefined } =>
  Object.fromEntries(Object.entries(variables).filter(([, value]) => value?.trim()));

/** One fault for each variable with an invalid value. The messages never repeat the value. */
export const variableFaults = (error: z.ZodError | undefined): Fault[] =>
  (error?.issues ?? []).map(({ path, message }) => ({
    field: path.join('.'),
    problem: `${path.join('.')} ${message}.`,
    hint: 'Correct the variable, or unset it; see docs/operating.md.',
  }));

/** Parses the delivery settings from environment variables. Throws `settings-invalid`. */
export function parseDeliverySettings(variables: { readonly [name: string]: string | undefined }) {
  const given = givenOf(variables);
  const parsed = deliveryVariables.safeParse(given);
  const names = new Set(Object.keys(given));
  const missing = [
    ['SITREP_SMTP_URL', 'SITREP_MAIL_FROM'],
    ['SITREP_SMTP_URL', 'SITREP_MAIL_DOMAINS'],
    ['SITREP_MAIL_FROM', 'SITREP_SMTP_URL'],
    ['SITREP_MAIL_DOMAINS', 'SITREP_SMTP_URL'],
    ...(names.has('SITREP_OPERATOR_WEBHOOK') ? [] : [['SITREP_WEBHOOK_SECRET', 'SITREP_WEBHOOK_HOSTS']]),
    ['SITREP_WEBHOOK_HOSTS', 'SITREP_WEBHOOK_SECRET'],
    ['SITREP_OPERATOR_WEBHOOK', 'SITREP_WEBHOOK_SECRET'],
  ]
    .filter(([set = '', needed = '']) => names.has(set) && !names.has(needed))
    // Reports each missing variable once, even if several others need it.
    .filter(([, needed], index, all) => all.findIndex((other) => other[1] === needed) === index);
  if (!parsed.success || missing.length > 0) {
    throw new AppError('settings-invalid', [
      ...variableFaults(parsed.error),
      ...missing.map(([set = '', needed = '']) => ({
        field: needed,
        problem: `${set} is set and ${needed} is not.`,
        hint: 'Set both or neither; see docs/operating.md.',
      })),
    ]);
  }
  const { data } = parsed;
  const { SITREP_SMTP_URL: smtp, SITREP_MAIL_FROM: from, SITREP_MAIL_DOMAINS: domains } = data;
  const { SITREP_WEBHOOK_SECRET: secret, SITREP_WEBHOOK_HOSTS: hosts } = data;
  const operator = data.SITREP_OPERATOR ?? null;
  return {
    /** Null if no mail server is set; mail targets are then blocked. */
    mail:
      smtp && from && domains
        ? {
            smtp,
            from,
            /** Allowed recipient domains in lower case. Subdomains are not included. */
            domains,
            /** The address for unsubscribing; the operator if none is set. */
            unsubscribe: data.SITREP_MAIL_UNSUBSCRIBE ?? operator,
            /** Maximum encoded size of a message with its PDF. */
            maxBytes: data.SITREP_MAIL_MAX_BYTES,
          }
        : null,
    /** Null if no secret is set; webhooks are then blocked. The hosts are in lower case, without ports. */
    webhook: secret !== undefined ? { secret, hosts: hosts ?? [] } : null,
    /** Receives alerts. This address is allowed whatever its domain. */
    operator,
    /** Receives alerts that cannot be mailed; null for none. */
    operatorWebhook: data.SITREP_OPERATOR_WEBHOOK ?? null,
    /** Minimum time between two messages of alerts. Alerts within it go out together. */
    alertEverySeconds: data.SITREP_ALERT_MINUTES * 60,
    /** The base URL of served editions, without a trailing slash. */
    publicUrl: data.SITREP_PUBLIC_URL?.replace(/\/+$/, '') ?? null,
    retry: {
      forSeconds: data.SITREP_RETRY_DAYS * 86_400,
      firstSeconds: data.SITREP_RETRY_FIRST_MINUTES * 60,
      longestSeconds: data.SITREP_RETRY_LONGEST_MINUTES * 60,
    },
  };
}

/** Why a target must not receive anything, and how to fix that. `field` is the target's field at fault. */
export type Refusal = Pick<Fault, 'problem' | 'hint'> & {
  readonly field: 'clearance' | 'email' | 'webhook';
  /** The channel has no settings at all, which is not the brief's fault. */
  readonly unset?: boolean;
};

/** Checks whether the settings allow a target to receive content marked `marking`. Returns undefined if they do. */
export function refusalOf(to: Target, marking: Marking, settings: DeliverySettings): Refusal | undefined {
  if (!mayReceive(to.clearance, marking)) {
    return {
      field: 'clearance',
      problem: `Content marked ${marking} must not go to a target cleared for ${to.clearance}.`,
      hint: 'Raise the clearance if the target may see this. Otherwise remove the target.',
    };
  }
  if ('email' in to) return refusedMail(to.email, settings);
  if ('webhook' in to) return refusedWebhook(new URL(to.webhook), settings);
  return undefined;
}

function refusedMail(email: string, { mail, operator }: DeliverySettings): Refusal | undefined {
  const field = 'email';
  if (mail === null) {
    const hint = 'Set SITREP_SMTP_URL, SITREP_MAIL_FROM and SITREP_MAIL_DOMAINS; see docs/operating.md.';
    return { field, unset: true, problem: 'Mail is not configured.', hint };
  }
  const domain = domainOf(email);
  if (email === operator || mail.domains.includes(domain)) return undefined;
  const problem = `Mail to the domain of ${redactAddress(email)} is not allowed.`;
  return { field, problem, hint: `Add ${domain} to SITREP_MAIL_DOMAINS, or correct the address.` };
}

function refusedWebhook(url: URL, { webhook, operatorWebhook }: DeliverySettings): Refusal | undefined {
  const field = 'webhook';
  if (url.username !== '' || url.password !== '') {
    const hint = 'Remove them: every call is signed with SITREP_WEBHOOK_SECRET.';
    return { field, problem: 'The address contains a user name or a password.', hint };
  }
  if (url.protocol !== 'https:' && !isLoopback(url.hostname)) {
    const problem = `The address at ${url.hostname} does not use TLS, so others could read what is sent.`;
    return { field, problem, hint: 'Use https.' };
  }
  if (webhook === null) {
    const hint = 'Set SITREP_WEBHOOK_SECRET and SITREP_WEBHOOK_HOSTS; see docs/operating.md.';
    return { field, unset: true, problem: 'Webhooks are not configured.', hint };
  }
  const isOperator = operatorWebhook !== null && url.href === new URL(operatorWebhook).href;
  if (isOperator || webhook.hosts.includes(url.hostname.toLowerCase())) return undefined;
  const problem = `Webhooks to the host ${url.hostname} are not allowed.`;
  return { field, problem, hint: `Add ${url.hostname} to SITREP_WEBHOOK_HOSTS, or correct the address.` };
}

/** Domains that cannot have mailboxes (RFC 2606). */
const reservedDomain = /^(example\.(com|net|org)|(.*\.)?(example|test|invalid))$/;

/** Whether a target is an example left in a brief. Examples receive nothing. */
export const isExample = (to: Target, { mail, operator }: DeliverySettings): boolean => {
  if (!('email' in to) || mail === null || to.email === operator) return false;
  const domain = domainOf(to.email);
  return reservedDomain.test(domain) && !mail.domains.includes(domain);
};

const domainOf = (email: string): string => email.slice(email.lastIndexOf('@') + 1).toLowerCase();

/** Faults in a brief's targets: deliveries that the settings can never allow. */
export function targetFaults(
  brief: { readonly file: string; readonly marking: Marking; readonly deliver: readonly Target[] },
  settings: DeliverySettings,
): Fault[] {
  return brief.deliver.flatMap((to, index) => {
    const refusal = refusalOf(to, brief.marking, settings);
    if (refusal === undefined || refusal.unset === true || isExample(to, settings)) return [];
    const { field, problem, hint } = refusal;
    return [{ file: brief.file, field: `deliver.${index}.${field}`, problem, hint }];
  });
}

/** Seconds before attempt `attempt` + 1: doubled each time, and varied by a quarter to spread simultaneous failures. */
export function backoffSeconds(
  attempt: number,
  random: () => number,
  { firstSeconds, longestSeconds }: Omit<RetryPolicy, 'forSeconds'> = {
    firstSeconds: 5,
    longestSeconds: 30 * 60,
  },
): number {
  return Math.round(Math.min(firstSeconds * 2 ** (attempt - 1) * (1 + random() / 4), longestSeconds));
}
