import { Command, type Option } from 'commander';
import { tell } from './errors.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';

/** One run of the command. */
export interface Context {
  readonly output: Output;
  /** Set by the verb that ran. */
  exitCode: ExitCode;
}

export interface VerbOptions {
  readonly name: string;
  readonly description: string;
  readonly options: readonly Option[];
  /** Each a command line, with what it does. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  readonly notes?: string;
}

/** A verb without its arguments and its action. */
export function verb({ name, description, options, examples, notes }: VerbOptions): Command {
  const command = new Command(name).description(description);
  for (const option of options) command.addOption(option);
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, meaning]) => `  ${line.padEnd(width)}  # ${meaning}`);
  return command.addHelpText(
    'after',
    [...(notes === undefined ? [] : ['', notes]), '', 'Examples:', ...lines].join('\n'),
  );
}

/** Runs a verb's work; its failure is told, not thrown. */
export async function perform(context: Context, json: boolean, work: () => Promise<ExitCode>): Promise<void> {
  try {
    context.exitCode = await work();
  } catch (error) {
    context.exitCode = tell(context.output, error, json);
  }
}
