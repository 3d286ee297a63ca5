import { createHash, randomUUID } from 'node:crypto'; // no-restricted-imports
import { readFileSync } from 'node:fs'; // no-restricted-imports
import { readFile } from 'node:fs/promises'; // no-restricted-imports
import { connect } from 'node:net'; // no-restricted-imports
import { DuckDBInstance } from '@duckdb/node-api'; // no-restricted-imports
import { leaf } from '../ledger/leaf.ts'; // no-restricted-imports
import type { Leaf } from '../server/leaf.ts'; // no-restricted-imports
import { leaf as below } from '../dataset/leaf.ts';

export const used = [below, createHash, randomUUID, readFileSync, readFile, connect, DuckDBInstance, leaf];
export type Used = Leaf;
export const page = fetch('https://example.org'); // no-restricted-globals
export const setting = process.env['HOME']; // no-restricted-globals, no-process-env
export const now = new Date(); // no-clock
