import type { A } from './type-circle-a.ts'; // no-cycle

export type B = readonly A[] | null;
