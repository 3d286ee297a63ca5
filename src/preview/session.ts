import { type Day, day, type DayName, resolveDay } from '../calendar.ts';
import type { Dataset } from '../dataset/schema.ts';
import { AppError, collectIn, distinct, type Fault, onAppError } from '../errors.ts';
import type { Locale } from '../locale.ts';
import { editionsAskedFor } from '../production/fan-out.ts';
import { type Effects, produce, render } from '../production/produce.ts';
import type { Brief, Format } from '../project/brief.ts';
import type { Catalogue } from '../project/load.ts';
import { hasValues, type Parameters } from '../project/parameters.ts';
import { defaultAsOf } from '../render/coverage.ts';
import type { Material, Request } from '../render/edition.ts';

/** The requested view: a brief, a day (the default one if omitted) and one of its editions. */
export interface Wanted {
  readonly brief: string;
  readonly asOf?: DayName | undefined;
  readonly given: { readonly [name: string]: string };
}

/** The content of a view. */
export interface View {
  /** The brief as last loaded without a fault. */
  readonly brief: Brief | undefined;
  readonly asOf: Day | undefined;
  /** The editions of that day. */
  readonly editions: readonly Parameters[];
  readonly parameters: Parameters | undefined;
  /** The last good page, which is out of date while there are faults. */
  readonly page: string | Uint8Array | undefined;
  readonly faults: readonly Fault[];
  /** Faults that do not block the page. */
  readonly warnings: readonly Fault[];
}

/** `loadBrief`, `loadDataset` and `loadMaterial` return the same object until one of its files changes. */
export interface PreviewWorld extends Catalogue {
  loadMaterial(): Promise<Material>;
  readonly effects: Effects;
  readonly locale: Locale;
}

/** Most pages kept; an author views only a few. */
const MOST_KEPT = 32;

interface Inputs {
  readonly brief: Brief;
  readonly dataset: Dataset;
  readonly material: Material;
}
interface Kept {
  inputs?: Inputs;
  made?: Promise<View> | undefined;
  last: View;
}

/**
 * Keeps pages, and renders a page again only if one of its files changes. A page stays visible while its successor has
 * faults.
 */
export function openPreview(world: PreviewWorld, { now, signal }: { now: Date; signal: AbortSignal }) {
  async function load(id: string): Promise<Inputs> {
    const errors: AppError[] = [];
    const [brief, material] = await Promise.all([
      world.loadBrief(id).catch(collectIn(errors)),
      world.loadMaterial().catch(collectIn(errors)),
    ]);
    const dataset = brief && (await world.loadDataset(brief.config.dataset).catch(collectIn(errors)));
    if (brief && dataset && material) return { brief, dataset, material };
    throw new AppError(errors[0]?.code ?? 'brief-invalid', distinct(errors));
  }

  async function make(format: Format, request: Request, material: Material) {
    if (format === 'pdf') {
      const { pdf, rules } = await produce(request, world.effects, material, { signal });
      return { page: pdf, warnings: rules.warnings };
    }
    const { html, rules } = await render(request, world.effects, material);
    return { page: html, warnings: rules.warnings };
  }

  async function attempt(
    { brief, dataset, material }: Inputs,
    { asOf: name, given }: Wanted,
    { format, last }: { format: Format; last: View },
  ): Promise<View> {
    const { timezone } = brief.config.schedule;
    const asOf =
      name === undefined ? defaultAsOf(dataset, timezone, now).asOf : resolveDay(name, { timezone, now });
    let view: View = { ...last, brief, asOf, faults: [], warnings: [] };
    try {
      const isFanned = brief.config.forEach !== null;
      const found = await editionsAskedFor(
        { brief, dataset, asOf, given: isFanned ? {} : given },
        world.effects,
      );
      const request = found.find(({ parameters }) => hasValues(parameters, given)) ?? found[0];
      const editions = found.map(({ parameters }) => parameters);
      view = { ...view, editions, parameters: request?.parameters };
      if (request) return { ...view, ...(await make(format, request, material)) };
      return { ...view, page: undefined, faults: [nothingToIssue(brief, asOf, world.locale)] };
    } catch (error) {
      return onAppError(({ faults, warnings }) => ({ ...view, faults, warnings }))(error);
    }
  }

  const kept = new Map<string, Kept>();
  return async (wanted: Wanted, format: Format): Promise<View> => {
    const { brief, asOf, given } = wanted;
    const key = JSON.stringify([format, brief, asOf, Object.entries(given).map(String).toSorted()]);
    const entry: Kept = kept.get(key) ?? {
      last: {
        brief: undefined,
        // The meaning of "yesterday" depends on the brief's time zone.
        asOf: day.safeParse(asOf).data,
        editions: [],
        parameters: undefined,
        page: undefined,
        faults: [],
        warnings: [],
      },
    };
    kept.delete(key);
    kept.set(key, entry);
    for (const oldest of kept.keys()) if (kept.size > MOST_KEPT) kept.delete(oldest);
    const inputs = await load(brief).catch(
      onAppError(({ faults }): View => ({ ...entry.last, faults, warnings: [] })),
    );
    if ('faults' in inputs) return inputs;
    if (entry.made === undefined || !sameInputs(entry.inputs, inputs)) {
      entry.inputs = inputs;
      const made = attempt(inputs, wanted, { format, last: entry.last });
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

const sameInputs = (one: Inputs | undefined, other: Inputs): boolean =>
  one?.brief === other.brief && one.dataset === other.dataset && one.material === other.material;

const nothingToIssue = ({ definition, config }: Brief, asOf: Day, { text }: Locale): Fault => ({
  file: definition.file,
  field: 'forEach',
  problem: text('web.preview.nothing', { day: asOf, query: config.forEach ?? '' }),
  hint: text('web.preview.nothing_hint'),
});
