import { readFile } from 'node:fs/promises';
import { leaf } from '../render/leaf.ts'; // no-restricted-imports
import type { Leaf } from '../ledger/leaf.ts'; // no-restricted-imports

export const used = [leaf, readFile];
export type Used = Leaf;
