import type { WatchEvent } from '@simpledht/node';
import { describe, expect, it } from 'vitest';
import { ChangeOrder } from '../src/check/change-order.ts';
import { Ledger } from '../src/check/ledger.ts';
import type { Shown } from '../src/check/shown.ts';
import { Violation } from '../src/check/violation.ts';
import { WatchOrder } from '../src/check/watch-order.ts';
import { drawPlan } from '../src/plan/draw.ts';
import { faultTypes, isFault, type Plan } from '../src/plan/plan.ts';
import { Log } from '../src/run/log.ts';
import { runPlan } from '../src/run/run.ts';
import { shrink } from '../src/shrink.ts';
import { timeline } from '../src/timeline/timeline.ts';
import { encodeValue, isNodeId, type NodeId, type Origin, type StoredRecord } from '@simpledht/wire';

function idOf(digit: string): NodeId {
  const id = digit.repeat(32);
  if (!isNodeId(id)) throw new Error('no id');
  return id;
}

const [one, two] = [idOf('1'), idOf('2')];
const origin = `${one}0000000000000001` as Origin;

function record(hlc: number, value: number | undefined, more: Partial<StoredRecord> = {}): StoredRecord {
  const bytes = value === undefined ? null : encodeValue({ v: value }, 1_000);
  return { key: '\u0000k', value: bytes, hlc, writer: one, expiresAt: 0, origin, seq: hlc, ...more };
}

function judged(nowMs: () => number = () => 0): { ledger: Ledger; found: string[] } {
  const found: string[] = [];
  const fail = ({ invariant }: Violation): void => void found.push(invariant);
  const ids = [one, two];
  const ledger = new Ledger({
    idOf: (index) => ids[index] ?? '',
    fail,
    note: () => undefined,
    wallMs: () => Date.UTC(2026, 0, 1),
    nowMs,
    losesPast: false,
  });
  return { ledger, found };
}

function applied({ ledger }: { ledger: Ledger }, index: number, ...records: StoredRecord[]): void {
  ledger.watcher(index).applied?.({ records }, () => undefined);
}

describe('the ledger', () => {
  it.each([
    ['strangers had written it, and the delete is forgotten', {}, []],
    ['it is forgotten too soon', { purgedMs: 9_000 }, ['resurrected']],
    ['it should be remembered', { purgedMs: undefined }, ['resurrected']],
    ['it is forgotten while others are looked for', { settledMs: 20_001 }, ['resurrected']],
    ['they had met when it was written', { metMs: 2 }, ['resurrected']],
  ])('judges a value after its delete: %s', (_, times, expected) => {
    let nowMs = 1;
    const { ledger, found } = judged(() => nowMs);
    const three = idOf('3');
    const { metMs, settledMs, purgedMs } = {
      metMs: 10,
      settledMs: 5,
      purgedMs: 20_000 as number | undefined,
      ...times,
    };
    for (const other of [one, two]) ledger.acquaintances.met({ one: three, other, atMs: metMs });
    ledger.acquaintances.settled(one, settledMs);
    const theirs = record(4, 4, { writer: two });
    nowMs = 3;
    applied({ ledger }, 1, theirs);
    applied({ ledger }, 0, record(5, undefined));
    nowMs = purgedMs ?? 0;
    if (purgedMs !== undefined) ledger.watcher(0).applied?.({ removed: [theirs.key] }, () => undefined);
    nowMs = 30_000;
    applied({ ledger }, 0, theirs);
    expect(ledger.excused).toBe(expected.length === 0 ? 1 : 0);
    expect(found).toEqual(expected);
  });

  it.each<[string, string[], readonly [number, StoredRecord][]]>([
    [
      'a write that is passed on',
      [],
      [
        [0, record(1, 1)],
        [1, record(1, 1)],
      ],
    ],
    ['a write that nobody made', ['nobody wrote'], [[1, record(1, 1)]]],
    [
      'another value under the same version',
      ['nobody wrote'],
      [
        [0, record(1, 1)],
        [1, record(1, 2)],
      ],
    ],
    [
      'an older write after a newer one',
      ['went back'],
      [
        [0, record(1, 1)],
        [0, record(2, 2)],
        [0, record(1, 1)],
      ],
    ],
    [
      'a value after its delete',
      ['resurrected'],
      [
        [0, record(1, 1)],
        [0, record(2, undefined)],
        [0, record(1, 1)],
      ],
    ],
    [
      'one value under two versions',
      ['executed twice'],
      [
        [0, record(1, 1)],
        [0, record(2, 1)],
      ],
    ],
    [
      'a write that is older than what its writer has seen of another key',
      ['clock went back'],
      [
        [0, record(5, 5)],
        [1, record(5, 5)],
        [1, record(4, 4, { writer: two, key: '\u0000other' })],
      ],
    ],
    [
      'a value that has expired',
      [],
      [
        [0, record(1, 1, { expiresAt: 9 })],
        [1, record(1, undefined, { expiresAt: 9 })],
      ],
    ],
  ])('judges %s', (_, expected, events) => {
    const world = judged();
    for (const [index, each] of events) applied(world, index, each);
    expect(world.found).toEqual(expected);
  });

  it('knows who held a write durably, and what a lying disk lost', () => {
    const world = judged();
    applied(world, 0, record(1, 1));
    world.ledger.watcher(0).kept?.([{ records: [record(1, 1)] }]);
    expect(world.ledger.holders(record(1, 1))).toEqual([one.slice(0, 8)]);
    expect(world.ledger.disk(0).peaks().size).toBe(1);
    world.ledger.watcher(0).lost?.(1);
    expect(world.ledger.disk(0).peaks().size).toBe(0);
  });
});

describe('changes told to users', () => {
  it.each([
    [['1-a', '2-a'], []],
    [['1-a', '1-b'], []],
    [['2-a', '1-a'], ['a change went back']],
    [['1-a', '1-a'], ['applied twice']],
    [['z-a', '10-a'], []],
  ])('%j', (versions, expected) => {
    const found: string[] = [];
    const order = new ChangeOrder(0, ({ invariant }) => void found.push(invariant));
    for (const version of versions)
      order.heard({
        namespace: '',
        key: 'k',
        value: 1,
        deleted: false,
        expired: false,
        version,
        writer: one,
        local: false,
      });
    expect(found).toEqual(expected);
  });
});

/** A node with one key, or none. */
function showing(version: string | undefined): Shown {
  const entry = version === undefined ? undefined : { key: 'k', value: 1, version, writer: one, expiresAt: undefined };
  const node: Shown['node'] = {
    entry: () => entry,
    *keys() {
      if (entry !== undefined) yield entry.key;
    },
  };
  return { index: 0, node, ledger: { byVersion: () => undefined }, nowMs: 0 };
}

function event(type: 'entry' | 'put' | 'delete' | 'expired', version: string): WatchEvent {
  const common = { key: 'k', version, writer: one, token: undefined };
  if (type === 'delete' || type === 'expired') return { ...common, type, value: undefined };
  return { ...common, type, value: 1, expiresAt: undefined };
}

describe('what a watch was told', () => {
  const synced: WatchEvent = { type: 'synced', token: '' };
  const lagged: WatchEvent = { type: 'lagged', restart: false };

  it.each<[string, WatchEvent[], string | undefined, string[]]>([
    ['all of it', [event('entry', '1-a'), synced, event('put', '2-a')], '2-a', []],
    ['that a value expired', [event('put', '1-a'), event('expired', '1-a')], undefined, []],
    ['the latest state anew', [event('put', '1-a'), lagged, event('put', '1-a'), synced], '1-a', []],
    ['a change twice', [event('put', '1-a'), event('put', '1-a')], '1-a', ['a watch was told twice']],
    ['an older change', [event('put', '2-a'), event('put', '1-a')], '1-a', ['a watch went back']],
    ['no delete', [event('put', '1-a')], undefined, ['a watch was not told']],
    ['no second value', [event('put', '1-a')], '2-a', ['a watch was not told']],
    ['nothing', [synced], '1-a', ['a watch was not told']],
  ])('%s', async (_, events, version, expected) => {
    const found: string[] = [];
    const fail = ({ invariant }: Violation): void => void found.push(invariant);
    const order = new WatchOrder(0, fail);
    await order.follow(events);
    try {
      order.checkEnd(showing(version));
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      fail(error);
    }
    expect(found).toEqual(expected);
  });
});

describe('plans', () => {
  it('are the same for the same seed, have every kind of fault among them, and survive JSON', () => {
    expect(drawPlan(7)).toEqual(drawPlan(7));
    expect(JSON.parse(JSON.stringify(drawPlan(7)))).toEqual(drawPlan(7));
    const plans = Array.from({ length: 60 }, (_, seed) => drawPlan(seed));
    const types = new Set(plans.flatMap(({ steps }) => steps.filter(isFault).map(({ type }) => type)));
    expect([...types].sort()).toEqual([...faultTypes].sort());
  });

  it('have the faults and nodes that were asked for', () => {
    const { setting, steps } = drawPlan(3, { nodes: 4, faults: ['kill'], chaosMs: 5_000 });
    expect(setting).toMatchObject({ nodes: 4, chaosMs: 5_000 });
    expect(steps.filter(isFault).every(({ type }) => type === 'kill')).toBe(true);
  });
});

describe('a broken promise', () => {
  /** A value that is named twice looks like a request that was executed twice. */
  function broken(): Plan {
    const plan = drawPlan(11, { nodes: 3, chaosMs: 3_000 });
    const twice = (atMs: number) =>
      ({
        atMs,
        node: 0,
        type: 'put',
        key: 'k',
        value: 9_999,
        bytes: 0,
        ttlMs: undefined,
        acks: 'local',
        remote: false,
      }) as const;
    return { ...plan, steps: [...plan.steps, twice(2_990), twice(2_995)] };
  }

  it('ends a run, and is made small', async () => {
    const plan = broken();
    expect((await runPlan(plan)).violation?.invariant).toBe('executed twice');
    const small = await shrink(plan, 'executed twice', { tries: 60 });
    expect(small.steps.length).toBeLessThanOrEqual(4);
    expect((await runPlan(small)).violation?.invariant).toBe('executed twice');
  });

  it('is drawn with what happened before it', async () => {
    const log = new Log();
    const outcome = await runPlan(broken(), log);
    const page = timeline(outcome, log.lines);
    expect(page).toContain('executed twice');
    expect(page.match(/node 2/g)?.length).toBeGreaterThan(1);
    expect(log.last(5, [0], 'k').split('\n')).toHaveLength(5);
  });
});
