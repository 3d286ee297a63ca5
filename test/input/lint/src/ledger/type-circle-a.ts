import type { B } from './type-circle-b.ts'; // no-cycle

export type A = readonly B[];
