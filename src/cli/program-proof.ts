import type { Command } from 'commander';

/** The commands for verifying a PDF. */
export interface ProofCommands {
  verify(file: string, options: { out: string; json: boolean }): Promise<void>;
  explain(file: string, phrase: string, options: { json: boolean }): Promise<void>;
}

export function proofCommandLine(program: Command, proof: () => Promise<ProofCommands>): void {
  program
    .command('verify')
    .description('render the edition of a PDF again, and say whether it is the same, or what differs and why')
    .argument('<file>', 'a PDF that sitrep made')
    .option('--out <dir>', 'folder whose ledger is asked for its SHA-256, if there is one', 'output')
    .option('--json', 'for programs', false)
    .action(async (file: string, options: { out: string; json: boolean }) =>
      (await proof()).verify(file, options),
    );
  program
    .command('explain')
    .description('show the rows, sources, query and template line behind a number or phrase of a PDF')
    .argument('<file>', 'a PDF that sitrep made')
    .argument('<text>', 'the number or phrase, as it stands there')
    .option('--json', 'for programs', false)
    .action(async (file: string, phrase: string, options: { json: boolean }) =>
      (await proof()).explain(file, phrase, options),
    );
}
