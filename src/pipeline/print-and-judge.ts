import type { OnStep, PrintOptions } from './produce.ts';

/**
 * The page is judged while the browser, another process, prints it. What is held is not waited for: the print is
 * stopped and what came of it dropped.
 */
export async function printAndJudge<T extends object>(
  print: (options: PrintOptions) => Promise<Uint8Array>,
  judge: () => Promise<T>,
  onStep: OnStep,
): Promise<T & { readonly printed: Uint8Array }> {
  const dismissal = new AbortController();
  const begun = Promise.withResolvers<void>();
  const printing = print({ signal: dismissal.signal, onBegun: begun.resolve });
  // Judging takes this thread: the page must be on its way before. A print that fails at once is told of below.
  await Promise.race([printing.catch(() => undefined), begun.promise]);
  try {
    const judged = await judge();
    onStep('print');
    return { ...judged, printed: await printing };
  } catch (error) {
    dismissal.abort(error);
    await printing.catch(() => undefined);
    throw error;
  }
}
