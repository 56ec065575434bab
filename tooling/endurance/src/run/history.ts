import type { Held, Operation } from './operations.ts';

/** A write of a key that may still be what is held. */
interface Made {
  readonly number: number;
  readonly kind: Operation['kind'];
  /** A value with a time may be gone from then on. */
  readonly earliestExpiryMs: number;
}

interface KeyHistory {
  last: number;
  acknowledged: number;
  /** Acknowledged by more members than may lose their disks. */
  safe: number;
  /** From the safe one on, in order. */
  made: Made[];
}

/** A value may be shown so long after its time: members notice by timers. */
const expirySlackMs = 2_000;

/**
 * What was written and what was answered for. Each key is written by one member at a time, so its writes have an order: a
 * member may hold the last acknowledged write or one that came after it, and nothing else.
 */
export class History {
  readonly #keys = new Map<string, KeyHistory>();
  #made = 0;
  #acknowledged = 0;

  get made(): number {
    return this.#made;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** The next write of a key. */
  make(key: string, options: Omit<Operation, 'key' | 'number'>, nowMs: number): Operation {
    let history = this.#keys.get(key);
    if (history === undefined) {
      history = { last: 0, acknowledged: 0, safe: 0, made: [] };
      this.#keys.set(key, history);
    }
    history.last += 1;
    const expires = options.kind === 'ttl';
    history.made.push({
      number: history.last,
      kind: options.kind,
      earliestExpiryMs: expires ? nowMs + options.ttlMs : Infinity,
    });
    this.#made += 1;
    return { ...options, key, number: history.last };
  }

  acknowledge(key: string, number: number, isSafe: boolean): void {
    const history = this.#keys.get(key);
    if (history === undefined) return;
    this.#acknowledged += 1;
    history.acknowledged = Math.max(history.acknowledged, number);
    if (!isSafe || number <= history.safe) return;
    history.safe = number;
    history.made = history.made.filter((each) => each.number >= number);
  }

  /** A member lost its disk: of the keys that begin so, only what others have answered for has to be there. */
  lostDisk(prefix: string): void {
    for (const [key, history] of this.#keys) if (key.startsWith(prefix)) history.acknowledged = history.safe;
  }

  /** What is wrong with what all members hold, in words; nothing is on its way any more. */
  judge(held: readonly Held[], nowMs: number): string[] {
    const found = new Map(held.map(([key, number, expiresAtMs]) => [key, { number, expiresAtMs }]));
    const unknown = [...found.keys()].filter((key) => !this.#keys.has(key));
    const wrong = unknown.map((key) => `${key}: nobody wrote it`);
    for (const [key, history] of this.#keys) {
      const value = found.get(key);
      const fault = value === undefined ? absent(history, nowMs) : present(history, value, nowMs);
      if (fault !== undefined) wrong.push(`${key}: ${fault}`);
    }
    return wrong;
  }

  /** What was judged right is final: whatever was before it must not come back. */
  settle(held: readonly Held[]): void {
    const found = new Map(held.map(([key, number]) => [key, number]));
    for (const [key, history] of this.#keys) {
      const number = found.get(key);
      const isGone = number === undefined;
      const last = history.made.find((each) => each.number === number);
      const gone: Made = { number: history.last, kind: 'delete', earliestExpiryMs: Infinity };
      history.made = isGone || last === undefined ? [gone] : [last];
      history.acknowledged = history.safe = number ?? history.last;
    }
  }
}

function absent({ acknowledged, made }: KeyHistory, nowMs: number): string | undefined {
  if (acknowledged === 0) return undefined;
  const mayBeGone = made.some(
    ({ number, kind, earliestExpiryMs }) => number >= acknowledged && (kind === 'delete' || earliestExpiryMs <= nowMs),
  );
  return mayBeGone ? undefined : `write ${String(acknowledged)} was acknowledged and is lost`;
}

function present(
  { acknowledged, made, last }: KeyHistory,
  { number, expiresAtMs }: { readonly number: number; readonly expiresAtMs: number },
  nowMs: number,
): string | undefined {
  if (number < acknowledged)
    return `write ${String(number)} is held, and ${String(acknowledged)} was acknowledged after it`;
  if (!(number <= last)) return `write ${String(number)} is held, and ${String(last)} was the last`;
  const found = made.find((each) => each.number === number);
  if (found?.kind === 'delete') return `write ${String(number)} was a delete, and is held`;
  if ((found?.kind === 'ttl') !== expiresAtMs > 0) return `write ${String(number)} has the wrong time`;
  const isOver = expiresAtMs > 0 && expiresAtMs + expirySlackMs < nowMs;
  return isOver ? `write ${String(number)} is held ${String(nowMs - expiresAtMs)} ms after its time` : undefined;
}
