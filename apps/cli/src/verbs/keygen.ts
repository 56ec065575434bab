import { open, readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { perform, verb, type Context } from '../context.ts';
import { Failure } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { jsonOption, parseFile } from '../options.ts';

interface KeygenOptions {
  readonly out?: string;
  readonly add: boolean;
  readonly json: boolean;
}

const notes = `Whoever has the secret can read and write everything. Give the same file to every
node and every client: simpledht start --secret-file FILE.

To replace it while all nodes go on: add a new secret to the file (--add), bring the
file to all machines and restart the nodes one by one; then remove the first line and
do the same again. Nodes with one of the two understand those with both.`;

export function keygenCommand(context: Context): Command {
  return verb({
    name: 'keygen',
    description: 'make a secret for a cluster',
    options: [
      new Option('--out <file>', 'write it to a new file that only you can read').argParser(parseFile),
      new Option('--add', 'add it to the file, behind those that are there').default(false),
      jsonOption('print one JSON object'),
    ],
    notes,
    examples: [
      ['simpledht keygen --out cluster.key', 'a file for --secret-file'],
      ['simpledht keygen --out cluster.key --add', 'a second secret, which is to replace the first'],
      ['simpledht keygen', 'on standard output'],
    ],
  }).action((options: KeygenOptions) => perform(context, options.json, () => keygen(context, options)));
}

async function keygen({ output }: Context, { out, add, json }: KeygenOptions): Promise<ExitCode> {
  if (add && out === undefined)
    throw new Failure('ERR_INVALID_OPTION', exitCodes.usage, '--add needs the file: --out FILE');
  const { newSecret } = await import('@simpledht/node');
  const secret = newSecret();
  if (out === undefined) {
    if (json) output.json({ secret });
    else output.answer(secret);
    return exitCodes.done;
  }
  await (add ? append(out, secret) : create(out, secret));
  if (json) output.json({ file: out });
  else output.answer(output.paint.green(`Secret written to ${out}`));
  return exitCodes.done;
}

async function create(path: string, secret: string): Promise<void> {
  try {
    await write(path, 'wx', `${secret}\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotWrite(path, error);
    throw new Failure('ERR_INVALID_OPTION', exitCodes.failed, `${path} exists already and stays as it is`, [
      'Choose another name, or add the secret to it: --add',
    ]);
  }
}

async function append(path: string, secret: string): Promise<void> {
  try {
    // A last line without an end would take the new secret in.
    const before = await readFile(path, 'utf8').catch(() => '');
    await write(path, 'a', `${before === '' || before.endsWith('\n') ? '' : '\n'}${secret}\n`);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

async function write(path: string, flag: 'wx' | 'a', text: string): Promise<void> {
  const file = await open(path, flag, 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function cannotWrite(path: string, error: unknown): Failure {
  const reason = error instanceof Error ? error.message : String(error);
  return new Failure('ERR_INVALID_OPTION', exitCodes.failed, `The secret cannot be written to ${path}: ${reason}`);
}
