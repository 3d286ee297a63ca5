import { Worker } from 'node:worker_threads';
import { AppError } from '../errors.ts';
import { drawChart, drawPicture } from './draw.ts';
import {
  type FromChartProcess,
  registerChartFonts,
  registerOwnFonts,
  sender,
  type ToChartProcess,
} from './worker.ts';

/** Draws charts one after another, in a process that can be killed while drawing. */
const numberedSpec = sender();

const answer = (message: FromChartProcess): void => void process.send?.(message);

// The parent process ends this one when it receives a signal itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
process.once('disconnect', () => process.exit());
// Drawing blocks these events, so a thread kills the process once its parent is gone.
new Worker(
  `const parent = process.ppid;
   setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 1000);`,
  { eval: true },
).unref();

await registerChartFonts();
process.on('message', ({ request, as }: ToChartProcess) => {
  const draw = async (): Promise<FromChartProcess> => {
    await registerOwnFonts(request.fonts ?? []);
    if (as === 'picture') return { kind: 'pictured', png: await drawPicture(request) };
    // Functions cannot be sent.
    const { compiled, drawPicture: _, ...drawing } = await drawChart(request);
    return { kind: 'drawn', drawing, compiled: numberedSpec(compiled) };
  };
  draw().then(answer, (error: unknown) =>
    answer(
      error instanceof AppError
        ? { kind: 'refused', code: error.code, faults: error.faults }
        : { kind: 'broken', reason: String(error) },
    ),
  );
});
answer({ kind: 'ready' });
