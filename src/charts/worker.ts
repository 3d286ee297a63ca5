import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { getCompileCacheDir } from 'node:module';
import { fileURLToPath } from 'node:url';
import { AppError, type ErrorCode, type Fault } from '../errors.ts';
import type { ChartRequest, DrawChart, Drawing } from './draw.ts';
import { arabicChartFamily, loadArabicFonts, loadFonts } from './fonts.ts';

export interface ToChartProcess {
  readonly request: ChartRequest;
  readonly as: 'drawing' | 'picture';
}
export type FromChartProcess =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'drawn';
      readonly drawing: Omit<Drawing, 'compiled' | 'drawPicture'>;
      readonly compiled: SentOnce;
    }
  | { readonly kind: 'pictured'; readonly png: Uint8Array }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly faults: readonly Fault[] }
  | { readonly kind: 'broken'; readonly reason: string };

export interface ChartLimits {
  /** The time limit for one chart; most take a few hundredths of a second. */
  readonly seconds: number;
  /** The memory limit of the process, including Vega. */
  readonly megabytes: number;
}
const usual: ChartLimits = { seconds: 10, megabytes: 512 };
const STARTING_SECONDS = 60;

/** Draws charts until disposed. */
export interface ChartProcess extends AsyncDisposable {
  readonly drawChart: DrawChart;
  /** Starts the process before the first chart. */
  readonly start: () => void;
}

/**
 * Draws charts in a separate process, so that a spec that never ends or needs too much memory fails only its own chart.
 * (A thread is not enough: V8 ends the whole process when one large array exceeds a thread's limit.) The process starts
 * on first use, and again after a crash. It draws one chart at a time. Drawing throws `chart-failed`, `chart-slow` when
 * it takes too long, and `chart-unfinished` when the process is lost.
 */
export function openChartProcess(limits: ChartLimits = usual): ChartProcess {
  let running: Promise<Running> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  const start = (): Promise<Running> => {
    if (closed) throw new Error('A chart was requested after the chart process was closed.');
    return (running ??= startProcess(limits).catch((error: unknown) => {
      running = undefined;
      throw error;
    }));
  };

  /** What the process answers to a request; `read` reads it. */
  const ask = async <T>(
    request: ChartRequest,
    { as, again = true }: { as: ToChartProcess['as']; again?: boolean },
    read: (message: FromChartProcess, process: Running) => T | undefined,
  ): Promise<T> => {
    let child: ChildProcess | undefined;
    try {
      const started = await start();
      ({ child } = started);
      const drawing = nextOf(child, limits.seconds);
      // If sending fails, the process has ended, which `nextOf` detects.
      child.send({ request, as } satisfies ToChartProcess, () => {});
      const message = await drawing;
      const found = read(message, started);
      if (found !== undefined) return found;
      if (message.kind === 'refused') throw new AppError(message.code, message.faults);
      throw new Error(message.kind === 'broken' ? message.reason : 'The chart process was restarted.');
    } catch (cause) {
      if (!(cause instanceof Lost) || closed) throw cause;
      child?.kill('SIGKILL');
      running = undefined;
      // The process may have been killed from outside, for reasons unrelated to the chart; a second loss is the chart's
      // fault.
      if (cause.why === 'gone' && again) return ask(request, { as, again: false }, read);
      throw tooMuch(request, { limits, cause });
    }
  };

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };

  return {
    start: () => void start().catch(() => {}),
    drawChart: (request) =>
      inTurn(() =>
        ask(request, { as: 'drawing' }, (message, { specOf }): Drawing | undefined => {
          if (message.kind !== 'drawn') return undefined;
          let png: Promise<Uint8Array> | undefined;
          const drawPicture = () =>
            inTurn(() =>
              ask(request, { as: 'picture' }, (sent) => (sent.kind === 'pictured' ? sent.png : undefined)),
            );
          // Always the same object, so that results cached for it, such as its packed form, stay valid.
          const compiled = specOf(message.compiled);
          return { ...message.drawing, compiled, drawPicture: () => (png ??= drawPicture()) };
        }),
      ),
    async [Symbol.asyncDispose]() {
      closed = true;
      const started = await running?.catch(() => undefined);
      started?.child.kill('SIGKILL');
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly specOf: (sent: SentOnce) => object;
}

async function startProcess({ megabytes }: ChartLimits): Promise<Running> {
  // A checkout runs the sources, the package their compiled form.
  const own = fileURLToPath(import.meta.url);
  const file = fileURLToPath(new URL(`./worker-main${own.slice(own.lastIndexOf('.'))}`, import.meta.url));
  const compiled = getCompileCacheDir();
  const child = fork(file, {
    execArgv: [`--max-old-space-size=${megabytes}`],
    serialization: 'advanced',
    // The process needs no other environment variables, least of all secrets.
    env: { TZ: 'UTC', ...(compiled !== undefined && { NODE_COMPILE_CACHE: compiled }) },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  // Without a listener, a late error would end the program.
  child.on('error', () => {});
  try {
    await nextOf(child, STARTING_SECONDS);
  } catch (cause) {
    child.kill('SIGKILL');
    throw new Lost('unstarted', String(cause));
  }
  // The process must not keep the program from ending.
  child.unref();
  child.channel?.unref();
  return { child, specOf: receiver() };
}

/** Thrown when a process will send nothing more. */
class Lost extends Error {
  readonly why: 'slow' | 'memory' | 'gone' | 'unstarted';

  constructor(why: Lost['why'], message: string) {
    super(message);
    this.why = why;
  }
}

/** The next message from the process. Throws `Lost` if it takes too long or the process ends. */
async function nextOf(child: ChildProcess, seconds: number): Promise<FromChartProcess> {
  const { promise, resolve, reject } = Promise.withResolvers<FromChartProcess>();
  const timer = setTimeout(() => reject(new Lost('slow', `No answer after ${seconds} s.`)), seconds * 1000);
  const onExit = (code: number | null, signal: string | null): void =>
    // V8 aborts when it runs out of memory.
    reject(
      new Lost(signal === 'SIGABRT' || code === 134 ? 'memory' : 'gone', `It ended (${signal ?? code}).`),
    );
  const onError = (error: Error): void => reject(new Lost('gone', error.message));
  child.once('message', resolve);
  child.once('exit', onExit);
  child.once('error', onError);
  if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode, child.signalCode);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    child.off('message', resolve);
    child.off('exit', onExit);
    child.off('error', onError);
  }
}

/** Slowness may be due to a busy machine, and a killed process says nothing about the chart. */
function tooMuch(
  { name, file }: ChartRequest,
  { limits, cause }: { limits: ChartLimits; cause: Lost },
): AppError {
  const failures: { readonly [why in Lost['why']]: readonly [ErrorCode, string] } = {
    slow: ['chart-slow', `The chart "${name}" takes longer than ${limits.seconds} s.`],
    memory: ['chart-failed', `The chart "${name}" takes more than ${limits.megabytes} MB of memory.`],
    gone: ['chart-unfinished', `The chart "${name}" crashed the process that draws it, twice.`],
    unstarted: [
      'chart-unfinished',
      `The process that draws the chart "${name}" did not start: ${cause.message}`,
    ],
  };
  const [code, problem] = failures[cause.why];
  const hint =
    cause.why === 'unstarted'
      ? 'Check that the machine has free memory and can start more processes.'
      : 'Use fewer steps in the spec, or fewer rows from the query.';
  return new AppError(code, [{ file, problem, hint }], { cause });
}

/** Registers the fonts of charts, so that this process measures their text correctly. */
export async function registerChartFonts(): Promise<void> {
  // The process that only starts this one needs no canvas.
  const { createCanvas, GlobalFonts } = await import('canvas');
  for (const { family, bytes } of await loadFonts())
    if (family === 'Source Sans 3') GlobalFonts.register(Buffer.from(bytes), family);
  for (const { family, bytes } of await loadArabicFonts())
    if (family === 'Source Sans 3') GlobalFonts.register(Buffer.from(bytes), arabicChartFamily);
  // A canvas looks for a letter only in the families that a text names. Specs need not name the Arabic one.
  const context: unknown = Object.getPrototypeOf(createCanvas(1, 1).getContext('2d'));
  if (typeof context !== 'object' || context === null) return;
  const font = Object.getOwnPropertyDescriptor(context, 'font');
  Object.defineProperty(context, 'font', {
    ...font,
    set(given: string) {
      font?.set?.call(this, `${given}, '${arabicChartFamily}'`);
    },
  });
}

const registered = new Set<string>();

/** Registers a publisher's own fonts, each once. */
export async function registerOwnFonts(files: readonly string[]): Promise<void> {
  const { GlobalFonts } = await import('canvas');
  for (const file of files) if (!registered.has(file)) GlobalFonts.register(await readFile(file), 'Own Sans');
  for (const file of files) registered.add(file);
}

/**
 * A compiled spec, sent for every drawing of it: the spec itself only the first time, and afterwards its number. Both
 * ends keep the specs for their own lifetime.
 */
export interface SentOnce {
  readonly number: number;
  readonly value?: object;
}

export function sender(): (value: object) => SentOnce {
  const numbers = new Map<object, number>();
  return (value) => {
    const known = numbers.get(value);
    if (known !== undefined) return { number: known };
    numbers.set(value, numbers.size);
    return { number: numbers.size - 1, value };
  };
}

function receiver(): (sent: SentOnce) => object {
  const values = new Map<number, object>();
  return ({ number, value = values.get(number) }) => {
    if (value === undefined) throw new Error(`Nothing was sent under the number ${number}.`);
    values.set(number, value);
    return value;
  };
}
