import { z } from 'zod';
import type { Marking } from '../dataset/fields.ts';
import { alignColumns, toJson } from '../editions/format.ts';
import { hashOfToken, newToken } from '../editions/tokens.ts';
import type { Power } from '../ledger/principal.ts';
import type { Operations, Where } from './context.ts';

const token = z.object({ name: z.string(), may: z.string(), clearance: z.string(), createdAt: z.string() });
const change = z.object({
  at: z.string(),
  who: z.string(),
  what: z.string(),
  edition: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
  outcome: z.string(),
});

/** Who may come in from elsewhere, and who changed what. */
export function recordCommands(world: Operations) {
  const ask = ({ out }: Where, name: 'addToken' | 'tokens' | 'revokeToken' | 'audit', input: object) =>
    world.withLedger({ out, work: false }, async (operate) => toJson(await operate(name, input)));
  const show = (json: boolean, rows: unknown, text: () => string) =>
    world.print(json ? JSON.stringify(rows, null, 2) : text());

  return {
    async addToken(name: string, given: { may: Power; clearance: Marking }, where: Where) {
      // It never leaves this process but by the screen: the ledger gets the hash.
      const made = newToken();
      await ask(where, 'addToken', { name, sha256: hashOfToken(made), ...given });
      show(where.json, { name, ...given, token: made }, () =>
        [`${name} may ${given.may} up to ${given.clearance} with this token, shown only now:`, made].join(
          '\n',
        ),
      );
    },

    async tokens(where: Where) {
      const rows = await ask(where, 'tokens', {});
      show(where.json, rows, () => {
        const found = z.array(token).parse(rows);
        if (found.length === 0) return 'No tokens. "sitrep token add" makes one.';
        return alignColumns([
          ['NAME', 'MAY', 'CLEARANCE', 'SINCE (UTC)'],
          ...found.map((each) => [each.name, each.may, each.clearance, timeOf(each.createdAt)]),
        ]);
      });
    },

    async revokeToken(name: string, where: Where) {
      await ask(where, 'revokeToken', { name });
      show(where.json, [name], () => `${name} is not let in any more.`);
    },

    async audit(filter: { edition?: string; who?: string; limit: number }, where: Where) {
      const rows = await ask(where, 'audit', filter);
      show(where.json, rows, () => {
        const found = z.array(change).parse(rows);
        if (found.length === 0) return 'Nobody changed anything.';
        return alignColumns([
          ['AT (UTC)', 'WHO', 'WHAT', 'EDITION', 'OUTCOME', 'WITH'],
          ...found.map((each) => [
            timeOf(each.at),
            each.who,
            each.what,
            each.edition ?? '',
            each.outcome,
            Object.entries(each.details)
              .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
              .join(' '),
          ]),
        ]);
      });
    },
  };
}

const timeOf = (instant: string): string => instant.slice(0, 19).replace('T', ' ');
