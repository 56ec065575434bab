import { parseArgs } from 'node:util';

/** A number that the command line gives. */
interface NumberOption {
  readonly help: string;
  readonly default: number;
  readonly least: number;
  readonly most: number;
  /** Whole numbers only, unless it is false. */
  readonly whole?: boolean;
}

interface WordOption {
  readonly help: string;
  readonly of: readonly string[];
}

export interface Usage<Name extends string> {
  /** How it is called, without options. */
  readonly command: string;
  readonly about: string;
  readonly numbers: Readonly<Record<Name, NumberOption>>;
  /** Options that take one of some words. */
  readonly words: Readonly<Record<string, WordOption>>;
}

export interface Parsed<Name extends string> {
  readonly numbers: Readonly<Record<Name, number>>;
  readonly words: Readonly<Record<string, string | undefined>>;
}

/** Options that were given wrongly: the message says which, and what it takes. */
export class UsageError extends Error {}

/** `undefined` when only help was asked for. Throws `UsageError`. */
export function parseOptions<Name extends string>(
  argv: readonly string[],
  usage: Usage<Name>,
): Parsed<Name> | undefined {
  const names = Object.keys(usage.numbers) as Name[];
  const values = valuesOf(argv, [...names, ...Object.keys(usage.words)]);
  if (values['help'] === true) return undefined;
  const numbers = Object.fromEntries(names.map((name) => [name, numberOf(name, usage.numbers[name], values[name])]));
  const words = Object.entries(usage.words).map(([name, option]) => [name, wordOf(name, option, values[name])]);
  return { numbers: numbers as Record<Name, number>, words: Object.fromEntries(words) as Record<string, string> };
}

function helpOf<Name extends string>({ command, about, numbers, words }: Usage<Name>): string {
  const lines = Object.entries<NumberOption>(numbers).map(
    ([name, option]) => `  --${name} N`.padEnd(16) + `${option.help} (${rangeOf(option)}; default ${option.default})`,
  );
  for (const [name, { help, of }] of Object.entries(words))
    lines.push(`  --${name} NAME`.padEnd(16) + `${help} (${of.join(', ')})`);
  return `${about}\n\n  ${command} [-- options]\n\n${lines.join('\n')}\n`;
}

/** The command line that gives these options. */
export function commandOf<Name extends string>(usage: Usage<Name>, { numbers, words }: Parsed<Name>): string {
  const given = Object.entries({ ...numbers, ...words }).filter(([, value]) => value !== undefined);
  return [`${usage.command} --`, ...given.map(([name, value]) => `--${name} ${String(value)}`)].join(' ');
}

function valuesOf(argv: readonly string[], names: readonly string[]): Record<string, unknown> {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    return parseArgs({ args: [...argv], options: { ...options, help: { type: 'boolean', short: 'h' } } }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function numberOf(name: string, option: NumberOption, given: unknown): number {
  if (given === undefined) return option.default;
  const value = given === '' ? Number.NaN : Number(given);
  const fits = value >= option.least && value <= option.most && (option.whole === false || Number.isInteger(value));
  if (!fits) throw new UsageError(`--${name} takes ${rangeOf(option)}, not ${JSON.stringify(given)}`);
  return value;
}

function wordOf(name: string, { of }: WordOption, given: unknown): string | undefined {
  if (given === undefined || (typeof given === 'string' && of.includes(given))) return given;
  throw new UsageError(`--${name} takes one of ${of.join(', ')}, not ${JSON.stringify(given)}`);
}

function rangeOf({ least, most, whole }: NumberOption): string {
  return `${whole === false ? 'a number' : 'a whole number'} from ${String(least)} to ${String(most)}`;
}

/** The exit code: 0 when `run` says that all held, 1 when not, 2 for wrong options. */
export async function main<Name extends string>(
  usage: Usage<Name>,
  run: (parsed: Parsed<Name>) => Promise<boolean>,
): Promise<number> {
  let parsed: Parsed<Name> | undefined;
  try {
    parsed = parseOptions(process.argv.slice(2), usage);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${helpOf(usage)}`);
    return 2;
  }
  if (parsed !== undefined) return (await run(parsed)) ? 0 : 1;
  process.stdout.write(helpOf(usage));
  return 0;
}
