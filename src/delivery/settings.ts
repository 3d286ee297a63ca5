import { z } from 'zod';
import { AppError } from '../errors.ts';

/** Whether a host is this machine, so that messages to it stay off the network. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host);

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

/** The mail server, the login, and the allowed recipients. */
export interface MailSettings {
  readonly smtp: z.output<typeof smtpUrl>;
  readonly from: { readonly name: string; readonly address: string };
  /** Allowed recipient domains in lower case. Subdomains are not included. */
  readonly domains: readonly string[];
  /** The address for unsubscribing; the operator if none is set. */
  readonly unsubscribe: string | null;
  /** Maximum encoded size of a message with its PDF. */
  readonly maxBytes: number;
}

export interface WebhookSettings {
  readonly secret: string;
  /** Allowed hosts in lower case, without ports. */
  readonly hosts: readonly string[];
}

/** How long a failed or unanswered delivery is retried, and with what pauses. */
export interface RetryPolicy {
  readonly forSeconds: number;
  readonly firstSeconds: number;
  readonly longestSeconds: number;
}

export interface DeliverySettings {
  /** Null if no mail server is set; mail targets are then blocked. */
  readonly mail: MailSettings | null;
  /** Null if no secret is set; webhooks are then blocked. */
  readonly webhook: WebhookSettings | null;
  /** Receives alerts. This address is allowed whatever its domain. */
  readonly operator: string | null;
  /** Receives alerts that cannot be mailed; null for none. */
  readonly operatorWebhook: string | null;
  /** Minimum time between two messages of alerts. Alerts within it go out together. */
  readonly alertEverySeconds: number;
  /** The base URL of served editions, without a trailing slash. */
  readonly publicUrl: string | null;
  readonly retry: RetryPolicy;
}

/** Parses the delivery settings from environment variables. Empty ones count as absent. Throws `settings-invalid`. */
export function parseDeliverySettings(variables: {
  readonly [name: string]: string | undefined;
}): DeliverySettings {
  const given = Object.entries(variables).filter(([, value]) => value !== undefined && value.trim() !== '');
  const parsed = deliveryVariables.safeParse(Object.fromEntries(given));
  const names = new Set(given.map(([name]) => name));
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
      ...(parsed.error?.issues ?? []).map(({ path, message }) => ({
        field: path.join('.'),
        problem: `${path.join('.')} ${message}.`,
        hint: 'Correct the variable, or unset it; see docs/operating.md.',
      })),
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
  const unsubscribe = data.SITREP_MAIL_UNSUBSCRIBE ?? operator;
  return {
    mail:
      smtp && from && domains
        ? { smtp, from, domains, unsubscribe, maxBytes: data.SITREP_MAIL_MAX_BYTES }
        : null,
    webhook: secret !== undefined ? { secret, hosts: hosts ?? [] } : null,
    operator,
    operatorWebhook: data.SITREP_OPERATOR_WEBHOOK ?? null,
    alertEverySeconds: data.SITREP_ALERT_MINUTES * 60,
    publicUrl: data.SITREP_PUBLIC_URL?.replace(/\/+$/, '') ?? null,
    retry: {
      forSeconds: data.SITREP_RETRY_DAYS * 86_400,
      firstSeconds: data.SITREP_RETRY_FIRST_MINUTES * 60,
      longestSeconds: data.SITREP_RETRY_LONGEST_MINUTES * 60,
    },
  };
}
