import type { Claim, Ledger } from '../ledger/types.ts';

/** What a process has in hand. */
export interface Hands {
  /** Holds a run until it is disposed of; the signal is aborted once the run is no longer this process's to end. */
  take(claim: Claim): Disposable & { readonly signal: AbortSignal };
  /** Looks whether any of it was cancelled or taken over meanwhile, and stops that. */
  look(ledger: Pick<Ledger, 'runs'>): Promise<void>;
}

export function openHands(): Hands {
  const held = new Map<AbortController, Claim>();
  return {
    take(claim) {
      const stop = new AbortController();
      held.set(stop, claim);
      return { signal: stop.signal, [Symbol.dispose]: () => void held.delete(stop) };
    },
    async look(ledger) {
      for (const [stop, { edition, run }] of new Map(held)) {
        const running = await ledger.runs({ edition: edition.id, state: 'running' });
        if (held.has(stop) && !running.some(({ number }) => number === run))
          stop.abort(new Error(`The run ${run} of ${edition.id} was cancelled or taken over.`));
      }
    },
  };
}
