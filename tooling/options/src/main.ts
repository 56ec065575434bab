import { helpOf } from './help.ts';
import { parse, UsageError, type Options, type Usage, type Values } from './usage.ts';

/**
 * The exit code: 0 when `run` says that all held, 1 when not, 2 for wrong options. `run` may throw a `UsageError` as well,
 * before it begins, for what only it can know.
 */
export async function main<Declared extends Options>(
  usage: Usage<Declared>,
  run: (values: Values<Declared>) => boolean | Promise<boolean>,
): Promise<number> {
  try {
    const values = parse(process.argv.slice(2), usage);
    if (values !== undefined) return (await run(values)) ? 0 : 1;
    process.stdout.write(helpOf(usage));
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${helpOf(usage)}`);
    return 2;
  }
}
