import type { Brief } from '../model/brief.ts';
import type { Tables } from '../model/dataset.ts';
import { AppError, type Fault } from '../model/fault.ts';
import type { Parameters } from '../model/parameters.ts';
import { longDay } from '../model/wording.ts';

/** One parameter of an edition as its page names it. */
export interface AppliedParameter {
  /** `Actor` */
  readonly label: string;
  /** `ISIS-K`, where the value is the id of its row. */
  readonly text: string;
  /** The row that the value names, if it names one. */
  readonly id: string | null;
}

/** Throws `parameter-invalid` for ids of rows that are not known by the cut-off. */
export function applyParameters({
  brief,
  parameters,
  known,
}: {
  brief: Brief;
  parameters: Parameters;
  known: Tables;
}): AppliedParameter[] {
  const faults: Fault[] = [];
  const applied = Object.entries(parameters).map(([name, value]): AppliedParameter => {
    const { type, idOf } = brief.config.parameters[name] ?? {};
    const label = name.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase());
    if (idOf === undefined) return { label, text: type === 'date' ? longDay(value) : value, id: null };
    const row = known[idOf].find(({ id }) => id === value);
    if (row === undefined) {
      faults.push({
        file: brief.definition.file,
        field: `parameters.${name}`,
        problem: `No row "${value}" of ${idOf} is known by the cut-off.`,
        mend: 'Correct the id, or choose a later day.',
      });
    }
    return { label, text: row?.name ?? value, id: value };
  });
  if (faults.length > 0) throw new AppError('parameter-invalid', faults);
  return applied;
}

/** The title of a brief and what its edition is about: `Actor sheet: ISIS-K`. */
export function titleOfEdition(brief: Brief, applied: readonly AppliedParameter[]): string {
  const about = applied.map(({ text }) => text).join(', ');
  return about === '' ? brief.config.title : `${brief.config.title}: ${about}`;
}
