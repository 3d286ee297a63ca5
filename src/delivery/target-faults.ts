import { type Marking, mayReceive } from '../dataset/fields.ts';
import type { Fault } from '../errors.ts';
import { redactAddress } from '../log.ts';
import type { Target } from '../project/target.ts';
import { type DeliverySettings, isLoopback } from './settings.ts';

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
