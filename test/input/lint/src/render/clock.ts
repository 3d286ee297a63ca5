import { Cron } from 'croner';
import { Temporal } from 'temporal-polyfill';

export const today = new Date(); // no-clock
export const text = Date(); // no-clock
export const millis = Date.now(); // no-clock
export const elapsed = performance.now(); // no-clock
export const chance = Math.random(); // no-clock
export const here = Temporal.Now.plainDateISO(); // no-clock
export const due = new Cron('0 6 * * MON').nextRun(); // no-clock

export const fixed = new Date('2021-08-25T00:00:00Z');
export const later = new Cron('0 6 * * MON').nextRun(fixed);
