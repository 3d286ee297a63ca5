import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { type ChartRequest, drawChart } from '../../src/charts/draw.ts';
import { type ChartLimits, openChartProcess } from '../../src/charts/worker.ts';
import { AppError, type ErrorCode, type Fault } from '../../src/errors.ts';
import { rendering } from '../support/effects.ts';
import { childrenOf, cpuTicksOf } from '../support/processes.ts';
import { findBrief, loadProduct, renderEdition } from '../support/product.ts';

const product = await loadProduct();
const entry = 'src/charts/worker-main.ts';
const opened: AsyncDisposable[] = [];
const open = (limits?: ChartLimits) => {
  const charts = openChartProcess(limits);
  opened.push(charts);
  return charts;
};
afterAll(() => Promise.all(opened.map((each) => each[Symbol.asyncDispose]())));
/** Of all tests that neither exceed a limit nor kill it for good: to start one takes longer than to draw. */
const usual = open();

const chart = (transform: readonly object[]): ChartRequest => ({
  name: 'bars',
  file: 'templates/x/bars.vl.json',
  spec: {
    data: { name: 'rows' },
    transform,
    mark: 'bar',
    encoding: { x: { field: 'value', type: 'quantitative' }, y: { field: 'label', type: 'nominal' } },
  },
  theme: findBrief(product, 'weekly').theme.parsed,
  data: { rows: [{ label: 'one', value: 1 }] },
  alt: 'A bar',
});

const faultsOf = async (
  work: Promise<unknown>,
  code: ErrorCode = 'chart-failed',
): Promise<readonly Fault[]> => {
  const error: unknown = await work.catch((reason: unknown) => reason);
  if (!(error instanceof AppError)) throw new Error('It did not fail as it should.', { cause: error });
  expect(error.code).toBe(code);
  return error.faults;
};
/** A pattern that tries each of the 2^40 ways to split forty letters before it gives up. */
const endless = chart([{ filter: `test(/^(a+)+$/, '${'a'.repeat(40)}!')` }]);
const huge = chart([{ quantile: 'value', groupby: ['label'], step: 1e-9 }]);

test('a chart drawn in the process is the same as one drawn without it', async () => {
  const { drawChart: inProcess } = usual;
  const drawn: string[] = [];
  const compare = async (request: ChartRequest) => {
    const drawing = await inProcess(request);
    const { drawPicture, ...rest } = drawing;
    const { drawPicture: drawHere, ...expected } = await drawChart(request);
    expect(rest).toStrictEqual(structuredClone(expected));
    // A difference in so many bytes takes minutes to print.
    expect(Buffer.compare(await drawPicture(), await drawHere())).toBe(0);
    // It is drawn once.
    expect(await drawPicture()).toBe(await drawPicture());
    // What the spec compiles to is sent once, and is the same object from then on.
    expect((await inProcess(request)).compiled).toBe(drawing.compiled);
    drawn.push(request.name);
    return drawing;
  };
  await renderEdition(product, { brief: 'weekly', asOf: '2021-08-25' }, { ...rendering, drawChart: compare });
  expect(drawn.toSorted()).toEqual(['story', 'timeline']);
});

test('a chart that never ends fails as a chart, with its file, and the next one is drawn', async () => {
  const { drawChart: inProcess } = open({ seconds: 2, megabytes: 512 });
  // A machine with too much to do may be the reason: it is tried again.
  const asked = [faultsOf(inProcess(endless), 'chart-slow'), inProcess(chart([]))] as const;
  expect(await asked[0]).toEqual([
    {
      file: 'templates/x/bars.vl.json',
      problem: 'The chart "bars" takes longer than 2 s.',
      hint: 'Use fewer steps in the spec, or fewer rows from the query.',
    },
  ]);
  expect((await asked[1]).svg).toContain('</svg>');
});

test('a chart that asks for more memory than there is fails as a chart, and the next one is drawn', async () => {
  const { drawChart: inProcess } = open({ seconds: 60, megabytes: 128 });
  const [fault] = await faultsOf(inProcess(huge));
  expect(fault?.problem).toBe('The chart "bars" takes more than 128 MB of memory.');
  expect((await inProcess(chart([]))).svg).toContain('</svg>');
});

test('reports what a spec may not do as it would without the process', async () => {
  const [fault] = await faultsOf(usual.drawChart(chart([{ sample: 1 }])));
  expect(fault).toMatchObject({ file: 'templates/x/bars.vl.json', field: 'transform[0].sample' });
});

describe.skipIf(process.platform !== 'linux')('a process that is killed', () => {
  test('is replaced: while it draws, the next one draws that chart; between two charts, nothing is lost', async () => {
    const before = childrenOf(process.pid, entry);
    const charts = open();
    await charts.drawChart(chart([]));
    const own = (): number => {
      const [pid = 0] = childrenOf(process.pid, entry).filter((each) => !before.includes(each));
      // A signal to 0 would end the tests.
      expect(pid).toBeGreaterThan(0);
      return pid;
    };
    const first = own();
    const inHand = charts.drawChart(chart([]));
    process.kill(first, 'SIGKILL');
    expect((await inHand).svg).toContain('</svg>');

    await vi.waitFor(() => expect(cpuTicksOf(first)).toBe(0));
    const second = own();
    expect(second).not.toBe(first);
    process.kill(second, 'SIGKILL');
    await vi.waitFor(() => expect(cpuTicksOf(second)).toBe(0));
    expect((await charts.drawChart(chart([]))).svg).toContain('</svg>');
  });

  test('leaves nobody drawing: a chart ends with the process that asked for it', async () => {
    const parent = fork(join(import.meta.dirname, '../support/chart-parent.ts'), {
      execArgv: [],
      serialization: 'advanced',
    });
    const ready = once(parent, 'message');
    parent.send([chart([]), endless]);
    await ready;
    const [child = 0] = childrenOf(parent.pid ?? 0, entry);
    expect(child).toBeGreaterThan(0);
    const begun = cpuTicksOf(child);
    // It has heard of the chart, and hears nothing else from now on.
    await vi.waitFor(() => expect(cpuTicksOf(child)).toBeGreaterThan(begun + 50), 300_000);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(cpuTicksOf(child)).toBe(0), 30_000);
  });
});

test('a closed process leaves its current chart unfinished, and draws no more', async () => {
  const inHand = usual.drawChart(endless).catch((error: unknown) => error);
  const waiting = usual.drawChart(chart([])).catch((error: unknown) => error);
  await usual[Symbol.asyncDispose]();
  const ended = 'A chart was requested after the chart process was closed.';
  expect([await inHand, await waiting]).toMatchObject([{ message: ended }, { message: ended }]);
});
