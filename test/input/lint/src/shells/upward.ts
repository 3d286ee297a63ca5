import { leaf as adapter } from '../adapters/leaf.ts'; // no-restricted-imports
import { leaf as below } from '../pipeline/leaf.ts';

export const used = [adapter, below];
