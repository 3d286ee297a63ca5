import { type Day, day, type DayName } from '../calendar.ts';
import type { Dataset } from '../dataset/schema.ts';
import { AppError, distinct, type Fault } from '../errors.ts';
import { editionsAskedFor } from '../production/fan-out.ts';
import { type Effects, produce, render } from '../production/produce.ts';
import type { Brief } from '../project/brief.ts';
import { hasValues, type Parameters } from '../project/parameters.ts';
import type { Locale } from '../locale.ts';
import type { Material, Request } from '../render/edition.ts';

/** The requested view: a brief, a day (the default one if omitted) and one of its editions. */
export interface Wanted {
  readonly brief: string;
  readonly asOf?: DayName | undefined;
  readonly given: { readonly [name: string]: string };
}

/** The content of a view. */
export interface View<Page> {
  /** The brief as last loaded without a fault. */
  readonly brief: Brief | undefined;
  readonly asOf: Day | undefined;
  /** The editions of that day. */
  readonly editions: readonly Parameters[];
  readonly parameters: Parameters | undefined;
  /** The last good page, which is out of date while there are faults. */
  readonly page: Page | undefined;
  readonly faults: readonly Fault[];
  /** Faults that do not block the page. */
  readonly warnings: readonly Fault[];
}

export interface PreviewWorld {
  /** Each of these functions returns the same object until one of its files changes. */
  loadBrief(id: string): Promise<Brief>;
  readonly loadDataset: (name: string) => Promise<Dataset>;
  loadMaterial(): Promise<Material>;
  readonly effects: Effects;
  readonly locale: Locale;
  /** Resolves the day; without one, the default. */
  dayOf(asOf: DayName | undefined, of: { brief: Brief; dataset: Dataset }): Day;
  readonly signal: AbortSignal;
}

/** Most pages kept of each kind; an author views only a few. */
const MOST_KEPT = 16;

interface Inputs {
  readonly brief: Brief;
  readonly dataset: Dataset;
  readonly material: Material;
}
/** A page and its warnings. */
interface Made<Page> {
  readonly page: Page;
  readonly warnings: readonly Fault[];
}
interface Kept<Page> {
  inputs: Inputs | undefined;
  made: Promise<View<Page>> | undefined;
  last: View<Page> | undefined;
}

/**
 * Keeps pages, and renders a page again only if one of its files changes. A page stays visible while its successor has
 * faults.
 */
export function openPreview(world: PreviewWorld) {
  async function load(id: string): Promise<Inputs> {
    const errors: AppError[] = [];
    const collect = (error: unknown): undefined => {
      if (!(error instanceof AppError)) throw error;
      errors.push(error);
    };
    const [brief, material] = await Promise.all([
      world.loadBrief(id).catch(collect),
      world.loadMaterial().catch(collect),
    ]);
    const dataset = brief && (await world.loadDataset(brief.config.dataset).catch(collect));
    if (brief && dataset && material) return { brief, dataset, material };
    throw new AppError(errors[0]?.code ?? 'brief-invalid', distinct(errors));
  }

  async function requestOf(
    { brief, dataset }: Inputs,
    { asOf, given }: { asOf: Day } & Pick<Wanted, 'given'>,
  ): Promise<{ editions: readonly Parameters[]; request: Request | undefined }> {
    const isFanned = brief.config.forEach !== null;
    const found = await editionsAskedFor(
      { brief, dataset, asOf, given: isFanned ? {} : given },
      world.effects,
    );
    const request = found.find(({ parameters }) => hasValues(parameters, given)) ?? found[0];
    return { editions: found.map(({ parameters }) => parameters), request };
  }

  /** Keeps the pages of one kind, each with its inputs. */
  function pages<Page>(make: (request: Request, material: Material) => Promise<Made<Page>>) {
    const kept = new Map<string, Kept<Page>>();

    const attempt = async (
      inputs: Inputs,
      wanted: Wanted,
      last: View<Page> | undefined,
    ): Promise<View<Page>> => {
      const { brief } = inputs;
      const asOf = world.dayOf(wanted.asOf, inputs);
      let seen = { brief, asOf, editions: last?.editions ?? [], parameters: last?.parameters };
      try {
        const { request, editions } = await requestOf(inputs, { asOf, given: wanted.given });
        seen = { brief, asOf, editions, parameters: request?.parameters };
        const { page, warnings = [] } = (request && (await make(request, inputs.material))) ?? {};
        return {
          ...seen,
          page,
          faults: request ? [] : [nothingToIssue(brief, asOf, world.locale)],
          warnings,
        };
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return { ...seen, page: last?.page, faults: error.faults, warnings: error.warnings };
      }
    };

    return async (wanted: Wanted): Promise<View<Page>> => {
      const key = JSON.stringify([
        wanted.brief,
        wanted.asOf,
        Object.entries(wanted.given).map(String).toSorted(),
      ]);
      const entry: Kept<Page> = kept.get(key) ?? { inputs: undefined, made: undefined, last: undefined };
      kept.delete(key);
      kept.set(key, entry);
      for (const oldest of kept.keys()) if (kept.size > MOST_KEPT) kept.delete(oldest);
      let inputs: Inputs;
      try {
        inputs = await load(wanted.brief);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        const none = {
          brief: undefined,
          // The meaning of "yesterday" depends on the brief's time zone.
          asOf: day.safeParse(wanted.asOf).data,
          editions: [],
          parameters: undefined,
          page: undefined,
        };
        return { ...none, ...entry.last, faults: error.faults, warnings: [] };
      }
      if (entry.made === undefined || !sameInputs(entry.inputs, inputs)) {
        entry.inputs = inputs;
        const made = attempt(inputs, wanted, entry.last);
        entry.made = made;
        // A page that finishes after its successor must not replace it.
        made.then(
          (view) => void (entry.made === made && (entry.last = view)),
          () => void (entry.made === made && (entry.made = undefined)),
        );
      }
      return entry.made;
    };
  }

  return {
    html: pages(async (request, material) => {
      const { html, rules } = await render(request, world.effects, material);
      return { page: html, warnings: rules.warnings };
    }),
    pdf: pages(async (request, material) => {
      const { pdf, rules } = await produce(request, world.effects, material, { signal: world.signal });
      return { page: pdf, warnings: rules.warnings };
    }),
  };
}

const sameInputs = (one: Inputs | undefined, other: Inputs): boolean =>
  one?.brief === other.brief && one.dataset === other.dataset && one.material === other.material;

const nothingToIssue = ({ definition, config }: Brief, asOf: Day, { text }: Locale): Fault => ({
  file: definition.file,
  field: 'forEach',
  problem: text('web.preview.nothing', { day: asOf, query: config.forEach ?? '' }),
  hint: text('web.preview.nothing_hint'),
});
