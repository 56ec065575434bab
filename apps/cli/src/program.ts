import { readFileSync } from 'node:fs';
import { Command, CommanderError, Help } from 'commander';
import type { Context } from './context.ts';
import { tell } from './errors.ts';
import { exitCodeHelp, exitCodes, type ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';
import { deleteCommand } from './verbs/delete.ts';
import { doctorCommand } from './verbs/doctor.ts';
import { forgetCommand } from './verbs/forget.ts';
import { getCommand } from './verbs/get.ts';
import { infoCommand } from './verbs/info.ts';
import { keygenCommand } from './verbs/keygen.ts';
import { listCommand } from './verbs/list.ts';
import { peersCommand } from './verbs/peers.ts';
import { pingCommand } from './verbs/ping.ts';
import { putCommand } from './verbs/put.ts';
import { startCommand } from './verbs/start.ts';

const verbs = [
  startCommand,
  putCommand,
  getCommand,
  deleteCommand,
  listCommand,
  infoCommand,
  peersCommand,
  pingCommand,
  doctorCommand,
  forgetCommand,
  keygenCommand,
] as const;

const afterHelp = `
${exitCodeHelp}

Environment (a flag is stronger):
  SIMPLEDHT_HOST, SIMPLEDHT_PORT, SIMPLEDHT_TIMEOUT, SIMPLEDHT_BOOTSTRAP,
  SIMPLEDHT_DATA, SIMPLEDHT_CLUSTER, SIMPLEDHT_TRANSPORT, SIMPLEDHT_TLS,
  SIMPLEDHT_SECRET_FILE, SIMPLEDHT_SECRET (the secret itself), SIMPLEDHT_STUN
  NO_COLOR  no colours

Examples:
  simpledht start                                          # a node on port 5000
  simpledht start --port 5001 --bootstrap 127.0.0.1:5000   # a second one, joined to it
  simpledht put greeting "hello world"
  simpledht get greeting --port 5001

"simpledht <verb> --help" tells more about a verb.`;

/** Runs one command line. Never throws and never ends the process. Answers that could not be written are a failure. */
export async function run(argv: readonly string[], output: Output): Promise<ExitCode> {
  const exitCode = await obey(argv, output);
  const error = await output.written();
  return error === undefined ? exitCode : tell(output, error, false);
}

async function obey(argv: readonly string[], output: Output): Promise<ExitCode> {
  const context: Context = { output, exitCode: exitCodes.done };
  const program = createProgram(context);
  try {
    // Without a verb there is nothing to do: that is a wrong call, and help is the answer to it.
    if (argv.length === 0) program.help({ error: true });
    await program.parseAsync(argv, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  }
}

/** The command line as data. */
function createProgram(context: Context): Command {
  const { output } = context;
  const { paint } = output;
  const program = new Command('simpledht')
    .description('A key-value map that is whole on every one of its nodes.')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [verb]', 'print the help of a verb')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        output.write(text, 'answers');
      },
      writeErr: (text) => {
        output.write(text, 'words');
      },
      outputError: (text, write) => {
        write(text.replace(/^error:/, output.paintWords.red('Error:')));
      },
    })
    .configureHelp({
      styleTitle: (title) => paint.bold(title),
      styleCommandText: (text) => paint.cyan(text),
      // That a switch is off unless it is on needs no words.
      optionDescription: (option) =>
        option.isBoolean() ? option.description : Help.prototype.optionDescription(option),
    })
    .showHelpAfterError('Run it with --help to see how it is used.')
    .addHelpText('after', afterHelp);
  for (const make of verbs) program.addCommand(make(context).copyInheritedSettings(program));
  return program;
}

function packageVersion(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(file) as { readonly version: string };
  return version;
}
