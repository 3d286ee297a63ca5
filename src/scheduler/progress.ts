import type { Claim, Ledger } from '../ledger/types.ts';
import type { StepRecord } from '../ledger/views.ts';
import type { Log } from '../log.ts';
import type { Step } from '../render/edition.ts';

/** Steps follow each other within milliseconds, so they are gathered and written while rendering continues. */
const GATHER_MS = 250;

export interface StepNotes {
  add(step: Step): void;
  /** Waits for the writes in progress and returns the steps that are not written yet. */
  left(): Promise<readonly StepRecord[]>;
}

/**
 * Records a run's steps so that any process can show its progress. The last steps are stored together with the result.
 * Failing to record a step does not harm the run.
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
        log.warn({ edition: edition.id, error: String(error) }, 'The steps of a run could not be recorded.'),
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
