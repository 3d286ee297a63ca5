import type { Claim, Ledger } from '../ledger/types.ts';

/** The runs in progress in this process. */
export interface ActiveRuns {
  /** Tracks a run until disposed. The signal aborts if the run is cancelled or another process takes it over. */
  track(claim: Claim): Disposable & { readonly signal: AbortSignal };
  /** Aborts runs that were cancelled or taken over meanwhile. */
  abortStale(ledger: Pick<Ledger, 'runs'>): Promise<void>;
}

export function openActiveRuns(): ActiveRuns {
  const active = new Map<AbortController, Claim>();
  return {
    track(claim) {
      const stop = new AbortController();
      active.set(stop, claim);
      return { signal: stop.signal, [Symbol.dispose]: () => void active.delete(stop) };
    },
    async abortStale(ledger) {
      for (const [stop, { edition, run }] of new Map(active)) {
        const running = await ledger.runs({ edition: edition.id, state: 'running' });
        if (active.has(stop) && !running.some(({ number }) => number === run))
          stop.abort(new Error(`The run ${run} of ${edition.id} was cancelled or taken over.`));
      }
    },
  };
}
