import type { Claim, Ledger } from '../ledger/types.ts';
import type { StepRecord } from '../ledger/views.ts';
import type { Log } from '../log.ts';
import type { Step } from '../render/edition.ts';

/** Steps follow each other in milliseconds: those of a while are written at once, beside the rendering. */
const GATHER_MS = 250;

export interface StepNotes {
  add(step: Step): void;
  /** Gives those that nobody has written yet, when all others stand in the ledger. */
  left(): Promise<readonly StepRecord[]>;
}

/**
 * Writes down the steps of a run, so that any process can tell how far it is; what is left at its end is written with
 * that. A step that cannot be written meanwhile does it no harm.
 */
export function noteSteps(
  { edition, run }: Claim,
  { ledger, log, now }: { ledger: Pick<Ledger, 'addSteps'>; log: Log; now: () => Date },
): StepNotes {
  let waiting: StepRecord[] = [];
  let number = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();
  const take = (): readonly StepRecord[] => {
    clearTimeout(timer);
    timer = undefined;
    const steps = waiting;
    waiting = [];
    return steps;
  };
  const write = (): void => {
    const steps = take();
    writing = writing
      .then(() => ledger.addSteps(steps))
      .catch((error: unknown) =>
        log.warn({ edition: edition.id, error: String(error) }, 'Steps could not be written.'),
      );
  };
  return {
    add(step) {
      waiting.push({ edition: edition.id, run, number: (number += 1), step, at: now() });
      timer ??= setTimeout(write, GATHER_MS);
    },
    async left() {
      const steps = take();
      await writing;
      return steps;
    },
  };
}
