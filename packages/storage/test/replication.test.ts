import { describe, expect, it } from 'vitest';
import { bytes, record } from './records.ts';
import { agreeing, deltaOf, digestOf, nodeId, originOf, SingleReplica } from './single-replica.ts';

const [alice, bob] = [nodeId(1), nodeId(2)];

describe('push', () => {
  it('one put is one delta, encoded once for all peers, and nothing after it', () => {
    const replica = new SingleReplica();
    replica.meet(alice);
    replica.meet(bob);
    const seq = replica.put('\u0000k', 'v');
    replica.turn();
    const request = replica.sole('delta');
    expect(request.targets.map(({ peer }) => peer)).toEqual([alice, bob]);
    expect(deltaOf(request).ranges).toEqual([{ origin: expect.any(String) as string, from: 0, to: seq }]);
    expect(deltaOf(request).records.map(({ key }) => key)).toEqual(['\u0000k']);
    replica.cover(request, 0);
    replica.cover(request, 1);
    expect(replica.requests('delta')).toEqual([]);
    expect(replica.pass(60_000).filter(({ message }) => message.kind === 'delta')).toEqual([]);
  });

  it('a turn of writes is one delta of what survives of them', () => {
    const replica = new SingleReplica();
    replica.meet(alice);
    for (const key of ['a', 'b', 'a', 'c', 'a']) replica.put(`\u0000${key}`, 'v');
    replica.turn();
    const { ranges, records } = deltaOf(replica.sole('delta'));
    expect(ranges.map(({ from, to }) => [from, to])).toEqual([[0, 5]]);
    expect(records.map(({ seq }) => seq)).toEqual([2, 4, 5]);
  });

  it('a slow peer is sent no more than its window and later the latest state', () => {
    const replica = new SingleReplica({ deltaBytes: 200, windowBytes: 500 });
    replica.meet(alice);
    for (let round = 0; round < 20; round++) {
      for (let key = 0; key < 10; key++) replica.put(`\u0000${String(key)}`, `round ${String(round)}`);
      replica.turn();
    }
    const first = replica.core.counters['deltasSent'] ?? 0;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThanOrEqual(4);
    expect(replica.core.unsentBytes).toBeGreaterThan(0);
    let rounds = 0;
    // Exchanges are numbered from 1 on: the first is the digest, then come the deltas.
    for (let exchange = 2; replica.core.unsentBytes > 0 || rounds < 10; exchange++, rounds++) {
      const vector = [{ origin: originOf(9), watermark: 1, intervals: [] }];
      replica.handle({
        type: 'answered',
        exchange,
        message: { kind: 'covered', from: alice, joining: true, unsettled: false, vector },
      });
      if (rounds > 100) break;
    }
    expect(replica.core.counters['recordsSent']).toBeLessThan(40);
  });

  it('a batch counts as held when all of it is, not its last write alone', () => {
    const replica = new SingleReplica();
    replica.meet(alice);
    const writes = ['a', 'b'].map((key) => ({ key: `\u0000${key}`, value: bytes(key), expiresAt: 0 }));
    const seq = replica.core.batch(writes, replica.now.wallMs).at(-1)?.seq ?? 0;
    replica.turn();
    const sent = replica.sole('delta');
    const origin = sent.message.kind === 'delta' ? (sent.message.ranges[0]?.origin ?? originOf(0)) : originOf(0);
    const last = { origin, watermark: 0, intervals: [[seq, seq]] } as const;
    replica.answer(sent, { kind: 'covered', from: alice, joining: false, unsettled: false, vector: [last] });
    expect(replica.core.acknowledged(seq)).toBe(1);
    replica.pass(1_000);
    replica.ask(alice, agreeing(replica, alice, { vector: [{ origin, watermark: seq, intervals: [] }] }));
    expect(replica.core.acknowledged(seq)).toBe(2);
  });

  it('what another process answers at the address counts for nobody', () => {
    const replica = new SingleReplica();
    replica.meet(alice);
    const seq = replica.put('\u0000k', 'v');
    replica.turn();
    const { message: delta, targets } = replica.sole('delta');
    const origin = delta.kind === 'delta' ? (delta.ranges[0]?.origin ?? originOf(0)) : originOf(0);
    const exchange = targets[0]?.exchange ?? -1;
    const vector = [{ origin, watermark: seq, intervals: [] }];
    const message = { kind: 'covered', from: bob, joining: false, unsettled: false, vector } as const;
    replica.handle({ type: 'answered', exchange, message });
    expect([replica.core.acknowledged(seq), replica.core.counters['strangersAnswered']]).toEqual([1, 1]);
  });

  it('a failed delta is sent again, after a pause and the peer\u2019s word', () => {
    const replica = new SingleReplica();
    replica.meet(alice);
    replica.put('\u0000k', 'v');
    replica.turn();
    const request = replica.sole('delta');
    replica.fail(request);
    replica.put('\u0000l', 'w');
    replica.turn();
    expect(replica.requests()).toEqual([]);
    const [asked] = replica.pass(1_000);
    if (asked === undefined) throw new Error('nothing was asked');
    expect(asked.message.kind).toBe('digest');
    replica.answer(asked, digestOf(alice));
    expect(deltaOf(replica.sole('delta')).records.map(({ key }) => key)).toEqual(['\u0000k', '\u0000l']);
  });

  it('deltas that were lost together are one failure: the peer is brought all when it answers again', () => {
    const replica = new SingleReplica();
    replica.meet(alice);
    const lost = Array.from({ length: 20 }, (_, index) => {
      replica.put(`\u0000${String(index)}`, 'v');
      replica.turn();
      return replica.sole('delta');
    });
    const [first, ...others] = lost;
    if (first === undefined) throw new Error('nothing was sent');
    replica.fail(first);
    const [asked] = replica.pass(1_000);
    if (asked === undefined) throw new Error('nothing was asked');
    replica.answer(asked, digestOf(alice));
    // Each runs into its time limit when it comes, after the peer was heard again.
    const again = others.flatMap((delta) => {
      replica.fail(delta);
      return replica.requests('delta');
    });
    const sent = again.flatMap((request) => deltaOf(request).records.map(({ key }) => key));
    expect(new Set(sent).size).toBe(19);
    const seq = replica.put('\u0000new', 'v');
    replica.turn();
    expect(deltaOf(replica.sole('delta')).records.map((record) => record.seq)).toEqual([seq]);
  });

  it('a delta that fails after a later one was taken is sent again at once', () => {
    const replica = new SingleReplica();
    replica.meet(alice);
    const [early, late] = ['a', 'b'].map((key) => {
      replica.put(`\u0000${key}`, 'v');
      replica.turn();
      return replica.sole('delta');
    });
    if (early === undefined || late === undefined) throw new Error('nothing was sent');
    const [{ origin, from, to } = { origin: originOf(0), from: 0, to: 0 }] = deltaOf(late).ranges;
    const vector = [{ origin, watermark: from - 1, intervals: [[to, to]] }] as const;
    replica.answer(late, { kind: 'covered', from: alice, joining: false, unsettled: false, vector });
    replica.fail(early);
    expect(deltaOf(replica.sole('delta')).records.map(({ key }) => key)).toEqual(['\u0000a']);
    // And when that fails as well it is a failure.
    replica.fail(replica.sole('delta'));
    expect(replica.requests()).toEqual([]);
  });

  it('what arrived although its answer was lost is not sent again', () => {
    const replica = new SingleReplica();
    replica.meet(alice);
    const seq = replica.put('\u0000k', 'v');
    replica.turn();
    const request = replica.sole('delta');
    const [range] = deltaOf(request).ranges;
    if (range === undefined) throw new Error('no range');
    replica.fail(request);
    const [asked] = replica.pass(1_000);
    if (asked === undefined) throw new Error('nothing was asked');
    replica.answer(asked, digestOf(alice, { vector: [{ origin: range.origin, watermark: seq, intervals: [] }] }));
    expect(replica.requests('delta')).toEqual([]);
    expect(replica.core.acknowledged(seq)).toBe(2);
  });

  it('pauses grow while a peer fails, and a peer that went down is not tried', () => {
    const replica = new SingleReplica();
    replica.meet(alice);
    const times: number[] = [];
    replica.put('\u0000k', 'v');
    replica.turn();
    replica.fail(replica.sole('delta'));
    while (times.length < 6) {
      const from = replica.nowMs;
      let asked = replica.pass(10);
      while (asked.length === 0) asked = replica.pass(10);
      times.push(replica.nowMs - from);
      for (const request of asked) replica.fail(request);
    }
    expect(times[5]).toBeGreaterThan(10 * (times[0] ?? 0));
    expect(Math.max(...times)).toBeLessThanOrEqual(19_000);
    replica.handle({ type: 'peer-down', peer: alice });
    expect(replica.pass(600_000)).toEqual([]);
  });

  it('a joining peer gets live writes only, and when it has joined what it still lacks', () => {
    const replica = new SingleReplica();
    const before = replica.put('\u0000old', 'v');
    replica.meet(alice, { ready: false });
    expect(replica.requests('delta')).toEqual([]);
    replica.put('\u0000live', 'v');
    replica.turn();
    const live = replica.sole('delta');
    expect(deltaOf(live).records.map(({ key }) => key)).toEqual(['\u0000live']);
    replica.answer(live, { kind: 'covered', from: alice, joining: true, unsettled: false, vector: [] });
    expect(replica.core.acknowledged(before)).toBe(1);
    replica.ask(alice, digestOf(alice, { ready: true }));
    expect(deltaOf(replica.sole('delta')).ranges.map(({ from, to }) => [from, to])).toEqual([[0, 2]]);
  });
});

describe('receiving a delta', () => {
  const range = (from: number, to: number): { origin: ReturnType<typeof originOf>; from: number; to: number } => ({
    origin: originOf(8),
    from,
    to,
  });

  it('covers what follows on, keeps what is beyond a gap as an interval, and closes the gap', () => {
    const replica = new SingleReplica();
    const first = replica.ask(alice, { kind: 'delta', ranges: [range(0, 2)], records: [record('\u0000a', 2)] });
    const beyond = replica.ask(alice, { kind: 'delta', ranges: [range(4, 6)], records: [record('\u0000b', 5)] });
    const between = replica.ask(alice, { kind: 'delta', ranges: [range(1, 4)], records: [record('\u0000c', 4)] });
    const entry = (watermark: number, ...intervals: number[][]): object => ({
      kind: 'covered',
      from: replica.id,
      joining: false,
      unsettled: false,
      vector: [{ origin: originOf(8), watermark, intervals }],
    });
    expect([first, beyond, between]).toEqual([entry(2), entry(2, [5, 6]), entry(6)]);
    expect(replica.core.size).toBe(3);
  });

  it('applies each dot once, whatever comes under it later', () => {
    const replica = new SingleReplica();
    const ask = (hlc: number): unknown =>
      replica.ask(bob, { kind: 'delta', ranges: [range(0, 1)], records: [record('\u0000a', 1, { hlc })] });
    ask(1_000);
    ask(2_000);
    expect(replica.core.get('\u0000a', 0)?.hlc).toBe(1_000);
    expect(replica.core.counters).toMatchObject({ merged: 1, ignored: 1 });
  });

  it('merges a record of no range and covers its dot alone', () => {
    const replica = new SingleReplica();
    const reply = replica.ask(alice, {
      kind: 'delta',
      ranges: [range(0, 1)],
      records: [record('\u0000a', 1), record('\u0000b', 7)],
    });
    expect(reply).toMatchObject({ vector: [{ watermark: 1, intervals: [[7, 7]] }] });
    expect(replica.core.size).toBe(2);
  });

  it('drops a range for which there is no room, and takes the others', () => {
    const replica = new SingleReplica();
    for (let index = 0; index < 64; index++) {
      replica.ask(alice, { kind: 'delta', ranges: [range(10 * index + 5, 10 * index + 6)], records: [] });
    }
    const full = [range(5_000, 5_001), { ...range(0, 1), origin: originOf(9) }];
    replica.ask(alice, {
      kind: 'delta',
      ranges: full,
      records: [record('\u0000a', 5_001), record('\u0000b', 1, { origin: originOf(9) })],
    });
    expect([replica.core.get('\u0000a', 0), replica.core.get('\u0000b', 0)?.seq]).toEqual([undefined, 1]);
    expect(replica.core.counters['refusedRanges']).toBe(1);
  });

  it('counts what is invalid, leaves it out and covers it, so that nothing behind it is stuck', () => {
    const replica = new SingleReplica();
    const records = [record('\u0000bad', 1, { hlc: 0 }), record('\u0000good', 2)];
    const reply = replica.ask(alice, { kind: 'delta', ranges: [range(0, 2)], records });
    expect(reply).toMatchObject({ vector: [{ watermark: 2 }] });
    expect(replica.notices('invalid-records')).toEqual([{ type: 'invalid-records', peer: alice, count: 1 }]);
    expect(replica.core.size).toBe(1);
  });

  it('keeps a record of the far future, and its own clock', () => {
    const replica = new SingleReplica();
    const far = 8_000_000_000_000_000;
    replica.ask(alice, { kind: 'delta', ranges: [range(0, 1)], records: [record('\u0000far', 1, { hlc: far })] });
    expect(replica.notices('clock-ahead')).toHaveLength(1);
    replica.put('\u0000near', 'v');
    replica.put('\u0000far', 'v');
    expect(replica.core.get('\u0000near', 0)?.hlc).toBeLessThan(far);
    expect(replica.core.get('\u0000far', 0)?.hlc).toBe(far + 1);
  });

  it('answers a fetch with what it holds, tombstones too', () => {
    const replica = new SingleReplica();
    replica.put('\u0000k', null);
    expect(replica.ask(alice, { kind: 'fetch', key: '\u0000k' })).toMatchObject({
      kind: 'fetched',
      records: [{ key: '\u0000k', value: null }],
    });
    expect(replica.ask(alice, { kind: 'fetch', key: '\u0000none' })).toEqual({ kind: 'fetched', records: [] });
  });
});

describe('a relay', () => {
  const foreign = { origin: originOf(8), from: 0, to: 5 };

  function relayed(replica: SingleReplica, knows = [{ origin: originOf(9), watermark: 1, intervals: [] }]): unknown {
    replica.ask(bob, digestOf(bob, { ready: false, vector: knows }));
    const delta = replica
      .requests('delta')
      .map(deltaOf)
      .find(({ ranges }) => ranges.some(({ origin }) => origin === foreign.origin));
    return delta?.records.map(({ key, seq }) => [key, seq]);
  }

  it('brings along what overwrote a write that it leaves out: the receiver must not be left with neither', () => {
    const replica = new SingleReplica();
    replica.handle({ type: 'peer-up', peer: bob });
    const records = [record('\u0000k', 5, { origin: foreign.origin })];
    replica.ask(alice, { kind: 'delta', ranges: [foreign], records });
    const own = replica.put('\u0000k', 'mine');
    replica.turn();
    expect(relayed(replica)).toEqual([['\u0000k', own]]);
  });

  it('does so, too, when the later write was there first', () => {
    const replica = new SingleReplica();
    replica.handle({ type: 'peer-up', peer: bob });
    const own = replica.put('\u0000k', 'mine');
    replica.turn();
    const records = [record('\u0000k', 5, { origin: foreign.origin, hlc: 1 })];
    replica.ask(alice, { kind: 'delta', ranges: [foreign], records });
    expect(relayed(replica)).toEqual([['\u0000k', own]]);
  });

  it('and when both come at once', () => {
    const replica = new SingleReplica();
    replica.handle({ type: 'peer-up', peer: bob });
    const other = { origin: originOf(7), from: 0, to: 3 };
    const records = [
      record('\u0000k', 5, { origin: foreign.origin, hlc: 1 }),
      record('\u0000k', 3, { origin: other.origin, hlc: 2 }),
    ];
    replica.ask(alice, { kind: 'delta', ranges: [foreign, other], records });
    const knows = [{ origin: other.origin, watermark: 3, intervals: [] }];
    expect(relayed(replica, knows)).toEqual([['\u0000k', 3]]);
  });
});
