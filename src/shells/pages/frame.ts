import { thisMachine, type Caller } from '../../model/caller.ts';

/** What surrounds every page: the links that the caller may follow, and who the caller is. */
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
