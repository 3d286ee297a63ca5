import { expect, test } from 'vitest';
import { matchActors, nearDuplicates, proposeActors } from '../../src/importers/actors.ts';

const actor = {
  id: 'A-red',
  known_on: '2024-01-01',
  status: 'current',
  marking: null,
  name: 'Red Group',
  long_name: 'Red Group of the North',
  aliases: ['RG'],
  affiliation: null,
  note: null,
  basis: null,
} as const;
const names = [
  { name: 'Blue Front', count: 9 },
  { name: 'red group', count: 8 },
  { name: 'RG', count: 7 },
  { name: 'The Blue Front (Coast)', count: 6 },
  { name: 'Grey Batallion 21', count: 5 },
  { name: 'Grey Battalion 21', count: 4 },
  { name: 'Grey Battalion 22', count: 4 },
  { name: 'Red Groop', count: 3 },
  { name: 'Seen once', count: 1 },
];
const actors = [{ ...actor, aliases: [...actor.aliases] }];

test('a name matches an actor by name, long name or alias', () => {
  const { matched, others } = matchActors(names, actors);
  expect(matched.map(({ name }) => name)).toEqual(['red group', 'RG']);
  expect(others).toHaveLength(7);
});

test('frequent names without an actor get a row each, with an id of their own', () => {
  const lines = proposeActors(
    matchActors([...names, { name: 'Blue, Front', count: 3 }], actors),
    actors,
    '2024-04-01',
  );
  expect(lines.split('\n').slice(0, 2)).toEqual([
    'id,known_on,status,name,long_name,aliases,note',
    'A-Blue-Front,2024-04-01,current,Blue Front,Blue Front,,In 9 incidents',
  ]);
  expect(lines).toContain('A-Blue-Front-2,2024-04-01,current,"Blue, Front","Blue, Front",,In 3 incidents');
  expect(lines).not.toContain('Seen once');
});

test('names that differ by little more than spelling are listed, but not by a number', () => {
  expect(nearDuplicates(matchActors(names, actors), actors)).toEqual([
    { name: 'The Blue Front (Coast)', like: 'Blue Front' },
    { name: 'Grey Battalion 21', like: 'Grey Batallion 21' },
    { name: 'Red Groop', like: 'Red Group' },
  ]);
});
