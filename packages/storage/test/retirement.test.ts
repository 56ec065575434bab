import type { Digest, NodeId } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { compareOrigins, newOriginOf, secondsOf } from '../src/origin.ts';
import { record } from './records.ts';
import { agreeing, coveredTo, nodeId, originOf, pageRequest, said, SingleReplica } from './single-replica.ts';

const [alice, bob] = [nodeId(1), nodeId(2)];
const gone = originOf(8);
const other = originOf(9);
const settings = { maxGoneOrigins: 0, retireIntervalMs: 1_000 };
const retireMs = 1_100;

type Origin = typeof gone;

/** A replica that covers (0, 3] of origins under which nobody writes, and was brought these records of them. */
function holding(origins: readonly Origin[], keys: readonly string[] = [], more = {}): SingleReplica {
  const replica = new SingleReplica({ ...settings, ...more });
  for (const origin of origins) {
    const records = keys.map((key, index) => record(`\u0000${key} ${origin}`, index + 1, { origin }));
    replica.ask(nodeId(30), { kind: 'delta', ranges: [{ origin, from: 0, to: 3 }], records });
  }
  return replica;
}

function meet(replica: SingleReplica, peer: NodeId, more: Partial<Digest> = {}): void {
  const digest = agreeing(replica, peer, more);
  replica.handle({ type: 'peer-up', peer });
  replica.answer(replica.sole('digest'), digest);
}

function listed(replica: SingleReplica): Origin[] {
  return said(replica).vector.map(({ origin }) => origin);
}

/** Origins that are listed when there was time to retire. */
function left(replica: SingleReplica): Origin[] {
  replica.pass(retireMs);
  return listed(replica);
}

function deletedIn(origin: Origin): (replica: SingleReplica) => void {
  const tombstone = record(`\u0000deleted`, 3, { origin, value: null, hlc: 5_000 });
  return (replica) => {
    replica.ask(nodeId(30), { kind: 'delta', ranges: [{ origin, from: 0, to: 3 }], records: [tombstone] });
  };
}

describe('an origin under which nobody writes is retired', () => {
  it('when all members cover the same of it', () => {
    const replica = holding([gone]);
    meet(replica, alice, { vector: [coveredTo(gone, 2)] });
    expect(left(replica)).toEqual([gone]);
    replica.ask(alice, agreeing(replica, alice, { vector: [coveredTo(gone, 4)] }));
    expect(left(replica)).toEqual([gone]);
    replica.ask(alice, agreeing(replica, alice));
    expect(left(replica)).toEqual([]);
    expect(replica.core.counters['retiredOrigins']).toBe(1);
  });

  it('not while a member is down, has said nothing or is not ready, whatever it covers', () => {
    const replica = holding([gone]);
    meet(replica, alice);
    replica.handle({ type: 'peer-up', peer: bob });
    expect(left(replica)).toEqual([gone]);
    replica.ask(bob, agreeing(replica, bob, { ready: false }));
    expect(left(replica)).toEqual([gone]);
    replica.ask(bob, agreeing(replica, bob));
    replica.handle({ type: 'peer-down', peer: bob });
    expect(left(replica)).toEqual([gone]);
    replica.handle({ type: 'peer-forgotten', peer: bob });
    expect(left(replica)).toEqual([]);
  });

  it('not while it has a gap, even if nobody else is there', () => {
    const replica = holding([gone]);
    const beyond = (from: number): void => {
      replica.ask(nodeId(30), { kind: 'delta', ranges: [{ origin: gone, from, to: 5 }], records: [] });
    };
    beyond(4);
    expect(left(replica)).toEqual([gone]);
    beyond(3);
    expect(left(replica)).toEqual([]);
  });

  it('not while it has a gap, not while a record carries it, and not while somebody writes under it', () => {
    const replica = holding([gone], ['k']);
    const gap = [{ origin: other, from: 4, to: 5 }];
    replica.ask(nodeId(30), { kind: 'delta', ranges: gap, records: [] });
    const written = originOf(1, 5);
    replica.ask(nodeId(30), { kind: 'delta', ranges: [{ origin: written, from: 0, to: 5 }], records: [] });
    meet(replica, alice, { origin: written });
    expect(left(replica)).toEqual([gone, other, written]);
    replica.put(`\u0000k ${gone}`, 'over');
    replica.turn();
    const mine = replica.store.get(`\u0000k ${gone}`)?.origin;
    replica.ask(alice, agreeing(replica, alice, { origin: written }));
    expect(left(replica)).toEqual([other, written, mine]);
    replica.ask(nodeId(30), { kind: 'delta', ranges: [{ origin: other, from: 0, to: 4 }], records: [] });
    replica.ask(alice, agreeing(replica, alice, { origin: originOf(1, 6) }));
    expect(left(replica)).toEqual([mine]);
  });

  it('only when there are more than the limit', () => {
    const [below, above] = [2, 1].map((maxGoneOrigins) => {
      const replica = holding([gone, other], [], { maxGoneOrigins });
      replica.put('\u0000mine', 'v');
      replica.turn();
      return left(replica).length;
    });
    expect([below, above]).toEqual([3, 1]);
  });
});

describe('a retired origin', () => {
  it('stays covered, after a restart too: a late delta is ignored', () => {
    const replica = holding([gone]);
    replica.put('\u0000mine', 'v');
    replica.turn();
    const mine = replica.store.get('\u0000mine')?.origin;
    expect(left(replica)).toEqual([mine]);
    const late = {
      kind: 'delta',
      ranges: [{ origin: gone, from: 0, to: 3 }],
      records: [record('\u0000k', 2)],
    } as const;
    const again = new SingleReplica({ ...settings, store: replica.store, seed: 2 });
    for (const each of [replica, again]) {
      expect(each.ask(bob, late)).toEqual({
        kind: 'covered',
        from: each.id,
        joining: false,
        unsettled: false,
        vector: [coveredTo(gone, 3)],
      });
      expect([each.core.size, listed(each)]).toEqual([1, [mine]]);
    }
  });

  it('is opened again by who brings more of it', () => {
    const replica = holding([gone]);
    expect(left(replica)).toEqual([]);
    const ranges = [{ origin: gone, from: 3, to: 4 }];
    replica.ask(bob, { kind: 'delta', ranges, records: [record('\u0000k', 4)] });
    expect(said(replica).vector).toEqual([coveredTo(gone, 4)]);
    expect(replica.core.size).toBe(1);
  });

  it('is told in pages, and in digests to those who list it', () => {
    const many = Array.from({ length: 40 }, (_, index) => originOf(40, index));
    const replica = holding(many);
    expect(left(replica)).toEqual([]);
    const page = replica.ask(bob, pageRequest('', 1_000));
    expect(page).toMatchObject({ vector: [], retired: many.map((origin) => coveredTo(origin, 3)) });
    const [first, second] = many;
    if (first === undefined || second === undefined) throw new Error('none');
    // The latest ones are told to everyone, for who does not know them does not list them.
    expect(said(replica).retired).toEqual(many.slice(8).map((origin) => coveredTo(origin, 3)));
    const told = said(replica, [coveredTo(first, 1)]).retired;
    expect(told).toContainEqual(coveredTo(first, 3));
    expect(told).not.toContainEqual(coveredTo(second, 3));
  });

  it('that a peer retired is covered here, when this replica has all that the peer covers', () => {
    const replica = holding([]);
    replica.ask(nodeId(30), { kind: 'delta', ranges: [{ origin: gone, from: 0, to: 1 }], records: [] });
    meet(replica, alice, { vector: [coveredTo(other, 1)] });
    const digest = agreeing(replica, alice, { vector: [coveredTo(other, 1)], retired: [coveredTo(gone, 3)] });
    replica.ask(alice, digest);
    expect(said(replica).vector).toEqual([coveredTo(gone, 1)]);
    replica.ask(nodeId(30), { kind: 'delta', ranges: [{ origin: other, from: 0, to: 1 }], records: [] });
    replica.ask(alice, digest);
    expect(said(replica).vector).toContainEqual(coveredTo(gone, 3));
  });
});

describe('the floor of a retired origin', () => {
  it('goes to an own dot that was made after all had covered what it speaks of, when all cover that dot', () => {
    const replica = holding([]);
    deletedIn(gone)(replica);
    meet(replica, alice);
    replica.pass(retireMs);
    expect(replica.core.tombstones).toBe(0);
    const floors = (): unknown => {
      const page = replica.ask(bob, pageRequest('', 1_000));
      return page.kind === 'page' ? page.floors : undefined;
    };
    expect(floors()).toEqual([{ origin: gone, seq: 3, hlc: 5_000 }]);
    replica.pass(retireMs);
    const [, own] = said(replica).vector;
    if (own === undefined) throw new Error('no dot was marked');
    expect([own.watermark, listed(replica)]).toEqual([1, [gone, own.origin]]);
    replica.pass(2 * retireMs);
    expect(listed(replica)).toEqual([gone, own.origin]);
    replica.ask(alice, agreeing(replica, alice));
    expect(left(replica)).toEqual([own.origin]);
    expect(floors()).toEqual([{ origin: own.origin, seq: 1, hlc: 5_000 }]);
    // Who covered all of the retired origin and was away since is below the floor all the same.
    expect(said(replica, [coveredTo(gone, 3)]).behind).toBe(true);
  });
});

describe('records that carry gone origins', () => {
  const keys = ['a', 'b'];
  /** One of them by a clock that was ahead. */
  const origins = [gone, newOriginOf(nodeId(9), 0xf0000000, Uint8Array.of(1, 2, 3, 4))];

  it('get new dots under one later origin, from the member with the lowest id', () => {
    const replica = holding(origins, keys);
    meet(replica, alice);
    const before = Array.from(replica.store.range(), ({ key, hlc }) => [key, hlc]);
    replica.core.observeChanges = true;
    replica.pass(retireMs);
    const after = [...replica.store.range()];
    expect(after.map(({ key, hlc }) => [key, hlc])).toEqual(before);
    const [fresh, ...more] = new Set(after.map(({ origin }) => origin));
    if (fresh === undefined) throw new Error('none');
    expect([more, origins.map((origin) => compareOrigins(fresh, origin) > 0)]).toEqual([[], [true, true]]);
    expect(after.map(({ seq }) => seq).sort()).toEqual([1, 2, 3, 4]);
    expect(said(replica).vector).toContainEqual(coveredTo(fresh, 4));
    expect(replica.effects.filter(({ type }) => type === 'change')).toEqual([]);
  });

  it('are left to that member by the others', () => {
    const replica = holding(origins, keys, { index: 3 });
    meet(replica, alice);
    replica.pass(retireMs);
    expect(new Set(Array.from(replica.store.range(), ({ origin }) => origin))).toEqual(new Set(origins));
  });

  it('keep them when it is one origin only, or too many records', () => {
    const one = holding([gone], keys);
    one.pass(retireMs);
    expect(listed(one)).toEqual([gone]);
    const replica = holding([]);
    for (const origin of origins) {
      const records = Array.from({ length: 257 }, (_, at) =>
        record(`\u0000${origin} ${String(at)}`, at + 1, { origin }),
      );
      replica.ask(nodeId(30), { kind: 'delta', ranges: [{ origin, from: 0, to: 257 }], records });
    }
    replica.pass(retireMs);
    expect(listed(replica)).toEqual(origins);
  });
});

describe('origins', () => {
  const random = Uint8Array.of(0, 0, 0, 1);

  it('are ordered by the time of their making, then by the rest of the epoch, then by node', () => {
    const early = newOriginOf(nodeId(9), 100, Uint8Array.of(255, 255, 255, 255));
    const late = newOriginOf(nodeId(0), 101, random);
    expect([secondsOf(early), secondsOf(late)]).toEqual([100, 101]);
    expect(early).toMatch(/^(0a){16}00000064ffffffff$/);
    expect(compareOrigins(early, late)).toBeLessThan(0);
    expect(compareOrigins(late, early)).toBeGreaterThan(0);
    expect(compareOrigins(newOriginOf(nodeId(1), 101, random), late)).toBeGreaterThan(0);
    expect(compareOrigins(late, late)).toBe(0);
    expect(secondsOf(newOriginOf(nodeId(0), 2 ** 32 - 1, random))).toBe(2 ** 32 - 1);
  });

  it('decide between copies of one write: the later one stays', () => {
    const replica = new SingleReplica();
    const copy = (epoch: number): ReturnType<typeof record> => record('\u0000k', 1, { origin: originOf(8, epoch) });
    for (const epoch of [1, 2, 1]) {
      const one = copy(epoch);
      replica.ask(bob, { kind: 'delta', ranges: [], records: [one] });
    }
    expect(replica.store.get('\u0000k')?.origin).toBe(originOf(8, 2));
    expect(said(replica).count).toBe(1);
  });
});
