import { compareKeys } from '@simpledht/wire';
import type { KeyBounds } from './store.ts';

/*
 * Keys are ordered by `compareKeys`: by UTF-8 bytes, which is by code point. In code units a character above U+FFFF (two
 * surrogates, D800–DFFF) would come before U+E000–U+FFFF; ranks put the surrogates last.
 */

const firstSurrogate = 0xd800;
const afterSurrogates = 0xe000;
const lastRank = 0xffff;

function rank(unit: number): number {
  if (unit < firstSurrogate) return unit;
  return unit < afterSurrogates ? unit + 0x2000 : unit - 0x800;
}

function unitOfRank(value: number): number {
  if (value < firstSurrogate) return value;
  return value < 0xf800 ? value + 0x800 : value - 0x2000;
}

/** The first text in key order that is above everything starting with `prefix`; `undefined` when nothing is. */
function afterPrefix(prefix: string): string | undefined {
  for (let length = prefix.length; length > 0; length--) {
    const last = rank(prefix.charCodeAt(length - 1));
    if (last < lastRank) return prefix.slice(0, length - 1) + String.fromCharCode(unitOfRank(last + 1));
  }
  return undefined;
}

/** One end of a span of keys. */
export interface KeyEnd {
  readonly key: string;
  readonly inclusive: boolean;
}

/** Bounds boiled down to a span with at most two ends; what is not given is open. */
export interface KeySpan {
  readonly low: KeyEnd | undefined;
  readonly high: KeyEnd | undefined;
}

/** For stores: turns bounds, all of which hold, into one span. */
export function spanOf({ gt, gte, lt, lte, prefix }: KeyBounds): KeySpan {
  const low = [end(gt, false), end(gte, true), end(prefix, true)];
  const high = [end(lt, false), end(lte, true), end(prefix === undefined ? undefined : afterPrefix(prefix), false)];
  return { low: tightest(low, 1), high: tightest(high, -1) };
}

/** True when `key` is inside the span. */
export function isInSpan(key: string, span: KeySpan): boolean {
  return isAboveLow(key, span.low) && isBelowHigh(key, span.high);
}

function isAboveLow(key: string, low: KeyEnd | undefined): boolean {
  if (low === undefined) return true;
  const order = compareKeys(key, low.key);
  return low.inclusive ? order >= 0 : order > 0;
}

function isBelowHigh(key: string, high: KeyEnd | undefined): boolean {
  if (high === undefined) return true;
  const order = compareKeys(key, high.key);
  return high.inclusive ? order <= 0 : order < 0;
}

function end(key: string | undefined, inclusive: boolean): KeyEnd | undefined {
  return key === undefined ? undefined : { key, inclusive };
}

/** The highest of the low ends (`sign` 1) or the lowest of the high ends (-1); of two equal keys the exclusive one. */
function tightest(ends: readonly (KeyEnd | undefined)[], sign: 1 | -1): KeyEnd | undefined {
  let best: KeyEnd | undefined;
  for (const candidate of ends) {
    if (candidate === undefined) continue;
    const order = best === undefined ? 1 : sign * compareKeys(candidate.key, best.key);
    if (order > 0 || (order === 0 && !candidate.inclusive)) best = candidate;
  }
  return best;
}
