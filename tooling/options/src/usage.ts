import { parseArgs } from 'node:util';
import type { Option, OptionValue } from './option.ts';

export type Options = Readonly<Record<string, Option<OptionValue>>>;

/** How a script is called. */
export interface Usage<Declared extends Options> {
  /** Without options. */
  readonly command: string;
  readonly about: string;
  /** Options that are worth showing together, and what comes of them. */
  readonly examples?: readonly (readonly [options: string, meaning: string])[];
  readonly options: Declared;
}

/** What a script gets: its own options by name, each with its type. */
export type Values<Declared extends Options> = {
  readonly [Name in keyof Declared]: Declared[Name]['default'];
};

/** Options that were given wrongly: the message says which, and what it takes. */
export class UsageError extends Error {}

/** `undefined` when help was asked for. Throws `UsageError`. */
export function parse<Declared extends Options>(
  argv: readonly string[],
  usage: Usage<Declared>,
): Values<Declared> | undefined {
  const tokens = tokensOf(argv, usage.options);
  if (tokens.some((token) => token.kind === 'option' && token.name === 'help')) return undefined;
  const given = new Map<string, unknown>();
  for (const token of tokens) {
    if (token.kind === 'positional')
      throw new UsageError(`${quoted(token.value)} is no option: ${whereTheyStand(usage)}`);
    if (token.kind === 'option') given.set(token.name, valueOf(token, usage.options));
  }
  const values = Object.entries(usage.options).map(([name, option]) => [
    name,
    given.has(name) ? given.get(name) : option.default,
  ]);
  // Each value was read by the option of its name.
  return Object.fromEntries(values) as Values<Declared>;
}

type Token = ReturnType<typeof tokensOf>[number];
type OptionToken = Extract<Token, { kind: 'option' }>;

/** Not strict: what is wrong is said here, in one line, and for all scripts alike. */
function tokensOf(argv: readonly string[], options: Options) {
  const known = Object.entries(options).map(([name, { sign }]) => [name, typeOf(sign)] as const);
  const help = { type: 'boolean', short: 'h' } as const;
  return parseArgs({
    ...{ args: [...argv], strict: false, allowPositionals: true, tokens: true },
    options: { ...Object.fromEntries(known), help },
  }).tokens;
}

function typeOf(sign: string | undefined) {
  return sign === undefined ? ({ type: 'boolean' } as const) : ({ type: 'string' } as const);
}

function valueOf({ name, rawName, value, inlineValue }: OptionToken, options: Options): unknown {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) throw new UsageError(`There is no option ${rawName}`);
  if (option.sign === undefined && value === undefined) return true;
  // The next option, which would be taken for the name of a file, say: a value was forgotten.
  const isOption = inlineValue === false && value.startsWith('--');
  const read = value === undefined || isOption ? undefined : option.read(value);
  if (read !== undefined) return read;
  throw new UsageError(`${rawName} takes ${option.takes}${value === undefined ? '' : `, not ${quoted(value)}`}`);
}

function whereTheyStand({ command }: Usage<Options>): string {
  return `options begin with two dashes and stand after "${command} --"`;
}

function quoted(given: string): string {
  return JSON.stringify(given);
}
