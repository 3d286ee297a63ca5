import { readFile } from 'node:fs/promises';
import { leaf as below } from '../dataset/leaf.ts';
import type { Leaf } from '../render/leaf.ts';
import { leaf } from '../preview/leaf.ts'; // no-restricted-imports
import { leaf as shell } from '../server/leaf.ts'; // no-restricted-imports

export const used = [readFile, below, leaf, shell];
export type Used = Leaf;
export const home = process.env['HOME']; // no-process-env
export const leave = (): never => process.exit(1); // no-process-exit
