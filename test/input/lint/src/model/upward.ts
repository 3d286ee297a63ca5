import { readFile } from 'node:fs/promises'; // no-restricted-imports
import { createHash, randomUUID } from 'node:crypto'; // no-restricted-imports
import { launch } from 'puppeteer'; // no-restricted-imports
import { leaf } from '../pipeline/leaf.ts'; // no-restricted-imports
import type { Leaf } from '../runtime/leaf.ts'; // no-restricted-imports

export const used = [leaf, readFile, createHash, randomUUID, launch];
export type Used = Leaf;
