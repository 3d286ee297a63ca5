import type { Command } from 'commander';

/** The commands of those who doubt a PDF. */
export interface ProofCommands {
  verify(file: string, options: { out: string; json: boolean }): Promise<void>;
}

export function proofCommandLine(program: Command, proof: ProofCommands): void {
  program
    .command('verify')
    .description('render the edition of a PDF again, and say whether it is the same, or what differs and why')
    .argument('<file>', 'a PDF that sitrep made')
    .option('--out <dir>', 'folder whose ledger is asked for its SHA-256, if there is one', 'output')
    .option('--json', 'for programs', false)
    .action((file: string, options: { out: string; json: boolean }) => proof.verify(file, options));
}
