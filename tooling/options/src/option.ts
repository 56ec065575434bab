/** What options come to. */
export type OptionValue = string | number | boolean | readonly string[] | readonly number[] | undefined;

/** What one option takes, and what a script gets. */
export interface Option<Value> {
  /** `undefined`: a script gives it to its own workers, and nobody else is told of it. */
  readonly help: string | undefined;
  /** What the help shows behind the name. `undefined`: nothing may stand there. */
  readonly sign: string | undefined;
  /** Completes a sentence: a wrong value is answered with it. */
  readonly takes: string;
  readonly default: Value;
  /** The default as the help shows it. */
  readonly shown: string | undefined;
  /** `undefined` when that is not what it takes. */
  readonly read: (given: string) => Value | undefined;
}

interface Range {
  readonly least: number;
  /** Default: whatever a number can be. */
  readonly most?: number;
  /** Whole numbers only, unless it is false. */
  readonly whole?: boolean;
}

interface Declared<Default> {
  readonly help: string;
  /** Without one the script gets `undefined`. */
  readonly default?: Default;
  /** What the help says instead of the default, where that is drawn or computed. */
  readonly shown?: string;
}

/** One number. Never infinite: JSON, in which workers get theirs, has no such number. */
export function number<Default extends number | undefined = undefined>(
  declared: Declared<Default> & Range,
): Option<number | Default> {
  return option(declared, 'N', {
    takes: `${declared.whole === false ? 'a number' : 'a whole number'} ${rangeOf(declared)}`,
    read: (given) => numberIn(declared, given),
  });
}

/** Some numbers, with commas between. */
export function numbers<Default extends readonly number[] | undefined = undefined>(
  declared: Declared<Default> & Range,
): Option<readonly number[] | Default> {
  return option(declared, 'N,…', {
    takes: `${declared.whole === false ? 'numbers' : 'whole numbers'} ${rangeOf(declared)} with commas between`,
    read: (given) => each(given, (part) => numberIn(declared, part)),
  });
}

/** One of some words. */
export function word<Word extends string, Default extends Word | undefined = undefined>(
  declared: Declared<Default> & { readonly of: readonly Word[] },
): Option<Word | Default> {
  return option(declared, 'NAME', {
    takes: `one of ${declared.of.join(', ')}`,
    read: (given) => declared.of.find((known) => known === given),
  });
}

/** Some of some words, with commas between. */
export function words<Word extends string, Default extends readonly Word[] | undefined = undefined>(
  declared: Declared<Default> & { readonly of: readonly Word[] },
): Option<readonly Word[] | Default> {
  return option(declared, 'NAME,…', {
    takes: `some of ${declared.of.join(', ')} with commas between`,
    read: (given) => each(given, (part) => declared.of.find((known) => known === part)),
  });
}

/** Any text but an empty one: `takes` says what it is, such as a file. */
export function text<Default extends string | undefined = undefined>(
  declared: Declared<Default> & { readonly takes: string; readonly sign: string },
): Option<string | Default> {
  return option(declared, declared.sign, {
    takes: declared.takes,
    read: (given) => (given === '' ? undefined : given),
  });
}

/** True when its name stands there, and nothing behind it. */
export function flag(help: string): Option<boolean> {
  return { help, sign: undefined, takes: 'nothing', default: false, shown: undefined, read: () => undefined };
}

/** What a script gives to its own workers. */
export function hidden(): Option<string | undefined> {
  return {
    ...{ help: undefined, sign: '', takes: 'what its script gives to it', default: undefined, shown: undefined },
    read: (given) => given,
  };
}

function option<Value extends OptionValue, Default extends OptionValue>(
  declared: Declared<Default>,
  sign: string,
  { takes, read }: Pick<Option<Value>, 'takes' | 'read'>,
): Option<Value | Default> {
  const { help, shown } = declared;
  // Where none is declared, `Default` is `undefined`.
  const fallback = declared.default as Default;
  return { help, sign, takes, read, default: fallback, shown: shown ?? shownOf(fallback) };
}

function shownOf(fallback: OptionValue): string | undefined {
  return fallback === undefined ? undefined : String(fallback);
}

/** All parts of a list, or `undefined` when one of them is wrong. */
function each<Part>(given: string, read: (part: string) => Part | undefined): readonly Part[] | undefined {
  const parts: Part[] = [];
  for (const part of given.split(',')) {
    const value = read(part);
    if (value === undefined) return undefined;
    parts.push(value);
  }
  return parts;
}

function numberIn({ least, most = Infinity, whole }: Range, given: string): number | undefined {
  // `Number` takes an empty text for zero.
  const value = given.trim() === '' ? Number.NaN : Number(given);
  const isKind = whole === false ? Number.isFinite(value) : Number.isSafeInteger(value);
  return isKind && value >= least && value <= most ? value : undefined;
}

function rangeOf({ least, most }: Range): string {
  return `from ${String(least)} ${most === undefined ? 'on' : `to ${String(most)}`}`;
}
