import { pino } from 'pino';

/** Logs events for programs: fields first, then a sentence. Neither contains addresses. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Writes one JSON object per line to standard error, with every address in it shortened. */
export function openLog(level: string): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: {
        streamWrite: redactAddresses,
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** `ana.lyst@example.org` → `a…@example.org`: enough to recognise the target, too little to write to it. */
export function redactAddress(address: string): string {
  const at = address.lastIndexOf('@');
  return at < 1 ? '…' : `${address.charAt(0)}…${address.slice(at)}`;
}

const anyAddress = /[^\s<>"'(),;:[\]]+@[\w.-]*\w/g;

/**
 * Puts external text, such as a server's answer, on one line and removes addresses and `secrets` from it. Also removes
 * the part of `address` before the @ where it occurs alone, as in "no mailbox ana.lyst here".
 */
export function redactText(
  text: string,
  { address, secrets = [] }: { address?: string; secrets?: readonly string[] } = {},
): string {
  const plain = secrets
    .filter((secret) => secret !== '')
    .reduce((kept, secret) => kept.replaceAll(secret, '…'), text)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .replace(anyAddress, redactAddress);
  const mailbox = address?.slice(0, address.lastIndexOf('@')) ?? '';
  if (mailbox.length < 2) return plain;
  const alone = new RegExp(`(?<![\\w.-])${mailbox.replaceAll(/\W/g, '\\$&')}(?![\\w-])`, 'gi');
  return plain.replace(alone, `${mailbox.charAt(0)}…`);
}

export const redactAddresses = (text: string): string => text.replace(anyAddress, redactAddress);
