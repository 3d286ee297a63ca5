import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, posix, relative, sep } from 'node:path';
import { AppError } from '../errors.ts';

/** Makes folders of briefs from the one in `scaffold/`, in which `@NAME@` stands for a value. */
export function scaffoldOf(folder: string, { sitrep }: { sitrep: string }) {
  const at = (brief: string) => posix.join(folder, 'templates', brief);
  return {
    /** Gives the files written. Throws `operation-refused` where there is such a brief. */
    async write(brief: string, values: { readonly [name: string]: string }): Promise<string[]> {
      const from = join(sitrep, 'scaffold/brief');
      // From the brief to the schema beside our own briefs: in a team's repository it comes with the program.
      const schema = relative(at(brief), join(sitrep, 'templates/brief.schema.json')).split(sep).join('/');
      const all: { readonly [name: string]: string } = { ...values, SCHEMA: schema };
      await mkdir(posix.join(folder, 'templates'), { recursive: true });
      try {
        await mkdir(at(brief));
      } catch (cause) {
        const mend = 'Choose another name, or change that one.';
        const fault = { file: at(brief), problem: 'There is such a folder already.', mend };
        if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')
          throw new AppError('operation-refused', [fault], { cause });
        throw cause;
      }
      const names = (await readdir(from)).toSorted();
      for (const name of names) {
        const text = await readFile(join(from, name), 'utf8');
        const filled = text.replaceAll(/@([A-Z_]+)@/g, (whole, key: string) => all[key] ?? whole);
        await writeFile(join(at(brief), name), filled);
      }
      return names.map((name) => posix.join(at(brief), name));
    },
    remove: (brief: string): Promise<void> => rm(at(brief), { recursive: true, force: true }),
  };
}
