import type { Page } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { record } from './records.ts';
import { agreeing, coveredTo, digestOf, nodeId, originOf, pageRequest, SingleReplica } from './single-replica.ts';

const [alice, bob, carol] = [nodeId(1), nodeId(2), nodeId(3)];
const origin = originOf(8);

/** A replica with members that are ready and hold the same. */
function among(...peers: (typeof alice)[]): SingleReplica {
  const replica = new SingleReplica();
  for (const peer of peers) {
    replica.handle({ type: 'peer-up', peer });
    replica.answer(replica.sole('digest'), agreeing(replica, peer));
  }
  return replica;
}

function measure(replica: SingleReplica, peer: typeof alice, ...offsetsMs: number[]): unknown[] {
  return offsetsMs.flatMap((offsetMs) => {
    replica.handle({ type: 'clock-offset', peer, offsetMs, errorMs: 0 });
    return replica.notices('clock-skew');
  });
}

/** Carol's clock is an hour ahead of all others. */
function quarantining(): SingleReplica {
  const replica = among(alice, bob, carol);
  measure(replica, alice, 0);
  measure(replica, bob, 0);
  const notices = measure(replica, carol, 3_600_000);
  expect(notices).toEqual([{ type: 'clock-skew', peer: carol, offsetMs: 3_600_000, quarantined: true }]);
  return replica;
}

describe('the offset of a clock', () => {
  it('is told beyond 500 ms, once, and again when it was right in between', () => {
    const replica = among(alice);
    const told = { type: 'clock-skew', peer: alice, quarantined: false };
    expect(measure(replica, alice, 500, -500)).toEqual([]);
    expect(measure(replica, alice, 501, 700, -501)).toEqual([{ ...told, offsetMs: 501 }]);
    expect(measure(replica, alice, 100)).toEqual([]);
    expect(measure(replica, alice, -501)).toEqual([{ ...told, offsetMs: -501 }]);
  });

  it('of two members proves nothing: nobody can tell who is wrong', () => {
    const replica = among(alice);
    expect(measure(replica, alice, 3_600_000)).toMatchObject([{ quarantined: false }]);
    const ranges = [{ origin, from: 0, to: 1 }];
    replica.ask(alice, { kind: 'delta', ranges, records: [record('\u0000k', 1)] });
    expect(replica.core.size).toBe(1);
  });

  it('that was measured before the own clock jumped says nothing any more', () => {
    const replica = among(alice, bob, carol);
    for (const peer of [alice, bob, carol]) measure(replica, peer, 0);
    replica.steppedMs = -84_000;
    const notices = [alice, bob, carol].flatMap((peer) => measure(replica, peer, 84_000));
    expect(notices).not.toContainEqual(expect.objectContaining({ quarantined: true }));
  });

  it('quarantines whoever is off against the median of three and more, from 10 s on', () => {
    const replica = among(alice, bob);
    expect(measure(replica, alice, 10_000)).toMatchObject([{ quarantined: false }]);
    measure(replica, bob, 0);
    expect(measure(replica, alice, 10_000)).toEqual([]);
    expect(measure(replica, alice, 10_001)).toMatchObject([{ peer: alice, quarantined: true }]);
  });

  it('that may be right says nothing against a member, nor for one in quarantine', () => {
    const replica = among(alice, bob, carol);
    const probed = (offsetMs: number, errorMs: number): unknown[] => {
      replica.handle({ type: 'clock-offset', peer: carol, offsetMs, errorMs });
      return replica.notices('clock-skew');
    };
    measure(replica, alice, 0);
    measure(replica, bob, 0);
    expect([probed(6_500, 6_500), probed(10_500, 600), probed(700, 300)]).toEqual([
      [],
      [{ type: 'clock-skew', peer: carol, offsetMs: 10_500, quarantined: false }],
      [],
    ]);
    expect(probed(16_700, 6_500)).toMatchObject([{ quarantined: true }]);
    expect([1, 2, 3, 4].map(() => probed(0, 6_500))).toEqual([[], [], [], []]);
    expect([1, 2, 3].map(() => probed(0, 20))).toMatchObject([[], [], [{ quarantined: false }]]);
  });

  it('of this node is judged like all others: who agrees with the rest is not quarantined', () => {
    const replica = among(alice, bob, carol);
    measure(replica, alice, 9_000);
    measure(replica, bob, 9_000);
    // Against this node's clock it is off by more than the limit, against the median by less.
    expect(measure(replica, carol, 18_000)).toMatchObject([{ peer: carol, quarantined: false }]);
  });
});

describe('a member in quarantine', () => {
  it('is not listened to: deltas, pages and digests', () => {
    const replica = quarantining();
    const ranges = [{ origin, from: 0, to: 1 }];
    const delta = replica.ask(carol, { kind: 'delta', ranges, records: [record('\u0000k', 1)] });
    expect(delta).toEqual({
      kind: 'covered',
      from: replica.id,
      joining: false,
      unsettled: false,
      vector: [coveredTo(origin, 0)],
    });
    expect([replica.core.size, replica.core.counters['refusedRanges']]).toEqual([0, 1]);
    replica.put('\u0000mine', 'v');
    expect(replica.ask(carol, pageRequest('', 1_000))).toMatchObject({ records: [], vector: [], done: false });
    replica.ask(carol, agreeing(replica, carol, { vector: [coveredTo(origin, 9)], behind: true }));
    expect(replica.requests('page-request')).toEqual([]);
    // The others are.
    replica.ask(bob, { kind: 'delta', ranges, records: [record('\u0000k', 1)] });
    expect(replica.ask(bob, pageRequest('', 1_000))).toMatchObject({ records: [{}, {}], done: true });
  });

  it('is sent nothing', () => {
    const replica = quarantining();
    replica.put('\u0000k', 'v');
    replica.turn();
    expect(replica.sole('delta').targets.map(({ peer }) => peer)).toEqual([alice, bob]);
    const asked = replica.pass(20_000).flatMap(({ targets }) => targets.map(({ peer }) => peer));
    expect([asked.includes(alice), asked.includes(bob), asked.includes(carol)]).toEqual([true, true, false]);
  });

  it('does not hold what counts as acknowledged', () => {
    const replica = among(alice, bob, carol);
    const seq = replica.put('\u0000k', 'v');
    replica.turn();
    const sent = replica.sole('delta');
    for (const target of [0, 1, 2]) replica.cover(sent, target);
    expect(replica.core.acknowledged(seq)).toBe(4);
    measure(replica, alice, 3);
    measure(replica, bob, -3);
    measure(replica, carol, 3_600_000);
    expect(replica.core.acknowledged(seq)).toBe(3);
    const token = replica.core.expect(seq, 4);
    expect(replica.turn()).not.toContainEqual(expect.objectContaining({ type: 'acknowledged', token }));
  });

  it('does not hold back the purge of tombstones', () => {
    const replica = quarantining();
    replica.put('\u0000k', null);
    replica.turn();
    replica.nowMs += 1;
    for (const peer of [alice, bob]) replica.ask(peer, agreeing(replica, peer));
    replica.pass(1_100);
    expect(replica.core.tombstones).toBe(0);
  });

  it('serves no more pages: what was read of it waits for another', () => {
    const replica = new SingleReplica({ alone: false });
    replica.handle({ type: 'peer-up', peer: alice });
    replica.answer(replica.sole('digest'), digestOf(alice, { vector: [coveredTo(origin, 1)] }));
    const asked = replica.sole('page-request');
    replica.handle({ type: 'peer-up', peer: bob });
    measure(replica, bob, 0);
    measure(replica, alice, 60_000);
    const said = { vector: [coveredTo(origin, 1)], floors: [], retired: [], total: 1, done: true };
    const page: Page = { kind: 'page', ...said, after: '', reached: '\u0000k', records: [record('\u0000k', 1)] };
    replica.answer(asked, page);
    expect([replica.core.size, replica.core.ready]).toEqual([0, false]);
  });

  it('is let in again after three measurements below half of the limit, in a row', () => {
    const replica = quarantining();
    expect(measure(replica, carol, 4_000, 4_000, 5_000, 4_000, 4_000)).toEqual([]);
    expect(replica.requests('digest')).toEqual([]);
    const released = { type: 'clock-skew', peer: carol, offsetMs: 4_999, quarantined: false };
    expect(measure(replica, carol, 4_999)).toEqual([released]);
    expect(replica.sole('digest').targets.map(({ peer }) => peer)).toEqual([carol]);
    const ranges = [{ origin, from: 0, to: 1 }];
    replica.ask(carol, { kind: 'delta', ranges, records: [record('\u0000k', 1)] });
    expect(replica.core.size).toBe(1);
  });
});
