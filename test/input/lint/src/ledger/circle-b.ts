import { a } from './circle-a.ts'; // no-cycle

export const b = (): unknown => a;
