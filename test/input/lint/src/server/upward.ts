import { leaf as other } from '../preview/leaf.ts'; // no-restricted-imports
import { leaf as below } from '../ledger/leaf.ts';

export const used = [other, below];
