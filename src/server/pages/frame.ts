import { AppError } from '../../errors.ts';
import { type Caller, thisMachine } from '../../ledger/principal.ts';

/** The frame of every page: the caller, and the links that the caller may follow. */
export function frameOf(caller: Caller | null, path: string) {
  const links = [
    { href: '/', label: 'Briefs', for: 'read' },
    { href: '/deliveries', label: 'Deliveries', for: 'operate' },
    { href: '/record', label: 'Record', for: 'operate' },
    { href: '/docs', label: 'API', for: 'read' },
  ] as const;
  return {
    nav:
      caller === null
        ? []
        : links
            .filter((link) => link.for === 'read' || caller.may === 'operate')
            .map(({ href, label }) => ({ href, label, current: href === path })),
    who: caller && {
      name: caller.name,
      limits: caller === thisMachine ? null : `may ${caller.may}, up to ${caller.clearance}`,
    },
    trail: null,
  };
}

/** More simultaneous requests than this are not normal reading. */
const MOST_AT_IT = 10;

/**
 * Runs explanations one at a time, because each composes a page, which is as much work as generating an edition. The
 * queue is limited, including the one in progress. Throws `queue-full`.
 */
export function oneByOne<A extends unknown[], T>(
  work: (...given: A) => Promise<T>,
): (...given: A) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let atIt = 0;
  return async (...given) => {
    if (atIt >= MOST_AT_IT)
      throw new AppError('queue-full', [
        { problem: 'Too many ask at once what is behind a number.', hint: 'Ask again in a few seconds.' },
      ]);
    atIt += 1;
    const turn = last.then(() => work(...given)).finally(() => (atIt -= 1));
    last = turn.catch(() => {});
    return turn;
  };
}
