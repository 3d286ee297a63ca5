import { pino } from 'pino';

/** Where events are written down for programs: fields first, then a sentence. Addresses never stand in either. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** One JSON object a line on standard error. Whatever looks like an address is shortened, wherever it stands. */
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

/** `ana.lyst@example.org` → `a…@example.org`: enough to find the target again, too little to write to it. */
export function redactAddress(address: string): string {
  const at = address.lastIndexOf('@');
  return at < 1 ? '…' : `${address.charAt(0)}…${address.slice(at)}`;
}

const anyAddress = /[^\s<>"'(),;:[\]]+@[\w.-]*\w/g;

/**
 * A text from outside, such as a server's answer, on one line, without addresses and without `secrets`. Of `address`
 * the part before the @ goes too where it stands alone, as in "no mailbox ana.lyst here".
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

/** The same text with every address in it shortened, wherever it stands. */
export const redactAddresses = (text: string): string => text.replace(anyAddress, redactAddress);
