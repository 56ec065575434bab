import { SimpleDHTError } from '@simpledht/wire';
import { assertEqual } from './equal.ts';
import { Violation } from './violation.ts';

/** One decoder under test. */
export interface Target {
  readonly name: string;
  /** Parts of the paths of its sources: coverage is counted in them alone. */
  readonly sources: readonly string[];
  /** Well-formed inputs to begin with. */
  readonly seeds: () => readonly Uint8Array[];
  /** Words that mean something to the decoder. */
  readonly words?: readonly (string | Uint8Array)[];
  /** Makes checksums and lengths right again, so that mutations reach what lies behind them. */
  readonly repair?: (input: Uint8Array) => Uint8Array;
  /**
   * Decodes the input, which is the target's to keep, and judges what came of it. Throws for a broken rule. What it returns
   * names the way that the decoder took: inputs with a new way are kept.
   */
  readonly run: (input: Uint8Array) => string;
}

/** A decoder and its encoder. */
export interface Codec<T> extends Omit<Target, 'run'> {
  /** `undefined` where a decoder refuses without an error. */
  readonly decode: (input: Uint8Array) => T | undefined;
  readonly encode: (value: T) => Uint8Array;
  /** The errors that the decoder documents. */
  readonly refuses: (error: unknown) => boolean;
  /** There is one form for each value: what is decoded encodes to the very bytes. */
  readonly isCanonical?: boolean;
  /** No form is shorter than the encoder's: what says more than its bytes was read past their end. */
  readonly isShortest?: boolean;
  /** Rules that what was decoded has to keep, and a name for its kind. */
  readonly judge?: (value: T) => string;
}

/** What decodes must encode again, and decode equal then. */
export function roundTrip<T>({ decode, encode, refuses, judge, ...rest }: Codec<T>): Target {
  const { isCanonical, isShortest, ...target } = rest;
  const run = (input: Uint8Array): string => {
    let value: T | undefined;
    try {
      value = decode(input);
    } catch (error) {
      if (refuses(error)) return refusal(error);
      throw error;
    }
    if (value === undefined) return 'refused';
    const kind = judge?.(value) ?? '';
    const bytes = encode(value);
    if (isCanonical === true) assertEqual(bytes, input, 'what was decoded and encoded again');
    assertThat(isShortest !== true || bytes.length <= input.length, 'nothing is read past the end');
    assertEqual(decode(bytes), value, 'what was decoded, encoded and decoded again,');
    return `decoded ${kind}`;
  };
  return { ...target, run };
}

/** Errors of other classes repeat what they were given, so they name one way. */
function refusal(error: unknown): string {
  return SimpleDHTError.is(error, 'ERR_MALFORMED') ? error.message.replaceAll(/\d+/g, '#').slice(0, 80) : 'refused';
}

/** `ERR_MALFORMED` that no other error hides behind. */
export function isMalformed(error: unknown): boolean {
  return SimpleDHTError.is(error, 'ERR_MALFORMED') && (error.cause === undefined || isMalformed(error.cause));
}

export function never(): boolean {
  return false;
}

export function assertThat(isSo: boolean, rule: string): void {
  if (!isSo) throw new Violation(rule);
}
