import type { Marking } from '../dataset/fields.ts';
import { alignColumns, toSecond } from '../editions/format.ts';
import { hashOfToken, newToken } from '../editions/access.ts';
import type { Power } from '../ledger/principal.ts';
import { type CommandContext, listed, type Reached, show, type Where } from './context.ts';

/** The commands for tokens and the audit of changes. */
export function recordCommands(context: CommandContext) {
  const ask = <T>({ out }: Where, work: (reached: Reached) => Promise<T>): Promise<T> =>
    context.withLedger({ out, work: false }, work);

  return {
    async addToken(name: string, given: { may: Power; clearance: Marking }, where: Where) {
      // The token is only printed. The ledger gets its hash.
      const token = newToken();
      await ask(where, ({ service, caller }) =>
        service.addToken(caller, { name, sha256: hashOfToken(token), ...given }),
      );
      const text = () =>
        `${name} may ${given.may} up to ${given.clearance} with this token, shown only now:\n${token}`;
      show(context, { json: where.json, rows: { name, ...given, token }, text });
    },

    async tokens(where: Where) {
      const rows = await ask(where, ({ service, caller }) => service.tokens(caller));
      const text = () =>
        rows.length === 0
          ? 'No tokens. "sitrep token add" creates one.'
          : alignColumns([
              ['NAME', 'MAY', 'CLEARANCE', 'SINCE (UTC)'],
              ...rows.map((each) => [each.name, each.may, each.clearance, toSecond(each.createdAt)]),
            ]);
      show(context, { json: where.json, rows, text });
    },

    async revokeToken(name: string, where: Where) {
      await ask(where, ({ service, caller }) => service.revokeToken(caller, name));
      show(context, { json: where.json, rows: [name], text: () => `${name} no longer has access.` });
    },

    async audit({ limit, ...filter }: { edition?: string; who?: string; limit: number }, where: Where) {
      const rows = await ask(where, ({ service, caller }) =>
        listed(limit, (part) => service.audit(caller, { ...filter, ...part })),
      );
      const text = () =>
        rows.length === 0
          ? 'No changes.'
          : alignColumns([
              ['AT (UTC)', 'WHO', 'WHAT', 'EDITION', 'OUTCOME', 'WITH'],
              ...rows.map((each) => [
                toSecond(each.at),
                each.who,
                each.what,
                each.edition ?? '',
                each.outcome,
                Object.entries(each.details)
                  .map(
                    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
                  )
                  .join(' '),
              ]),
            ]);
      show(context, { json: where.json, rows, text });
    },
  };
}
