import { leaf as adapter } from '../adapters/leaf.ts'; // no-restricted-imports
import { leaf as shell } from '../shells/leaf.ts'; // no-restricted-imports
import { leaf as below } from '../pipeline/leaf.ts';

export const used = [adapter, shell, below];
