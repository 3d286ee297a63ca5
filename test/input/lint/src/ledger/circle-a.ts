import { b } from './circle-b.ts'; // no-cycle

export const a = (): unknown => b;
