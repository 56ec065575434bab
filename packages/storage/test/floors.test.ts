import type { Floor, StoredRecord } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { Floors } from '../src/floors.ts';
import { VersionVector } from '../src/version-vector.ts';
import { record } from './records.ts';
import {
  agreeing,
  coveredTo,
  deltaOf,
  digestOf,
  nodeId,
  originOf,
  pageRequest,
  said,
  SingleReplica,
  type Request,
} from './single-replica.ts';

const [alice, bob] = [nodeId(1), nodeId(2)];
const origin = originOf(8);
const floor: Floor = { origin, seq: 5, hlc: 100 };

function vector(watermark: number, ...intervals: [number, number][]): VersionVector {
  return VersionVector.from([{ origin, watermark, intervals }]);
}

function rangesOf(requests: readonly Request[]): unknown {
  return requests.flatMap((request) => deltaOf(request).ranges).map(({ from, to }) => [from, to]);
}

describe('a floor', () => {
  it('takes the larger of each part', () => {
    const floors = new Floors([floor]);
    expect(floors.raise({ origin, seq: 4, hlc: 90 })).toBe(false);
    expect(floors.raise({ origin, seq: 7, hlc: 90 })).toBe(true);
    expect(floors.get(origin)).toEqual({ origin, seq: 7, hlc: 100 });
    expect(floors.raise({ origin, seq: 6, hlc: 110 })).toBe(true);
    expect(floors.all()).toEqual([{ origin, seq: 7, hlc: 110 }]);
    floors.drop(origin);
    expect([floors.size, floors.get(origin)]).toEqual([0, undefined]);
  });

  it('is missed by who covers less', () => {
    const floors = new Floors([floor]);
    expect(floors.isMissedBy(vector(5), vector(9))).toBe(false);
    expect(floors.isMissedBy(vector(4), vector(9))).toBe(true);
    expect(floors.isMissedBy(vector(4), vector(4))).toBe(true);
    expect(floors.isMissedBy(new VersionVector(), vector(9))).toBe(true);
    expect(floors.isOriginMissedBy(originOf(9), vector(4), vector(9))).toBe(false);
  });

  it('is missed by who has a gap below it, unless that is covered nowhere', () => {
    const floors = new Floors([floor]);
    expect(floors.isMissedBy(vector(2, [4, 6]), vector(9))).toBe(true);
    expect(floors.isMissedBy(vector(2, [4, 6]), vector(2, [4, 9]))).toBe(false);
    expect(floors.isMissedBy(vector(2, [4, 4], [6, 6]), vector(2, [4, 9]))).toBe(true);
    expect(floors.isMissedBy(vector(2, [4, 5], [7, 7]), vector(2, [4, 9]))).toBe(false);
  });

  it('may have deleted only what is older than its latest tombstone', () => {
    const floors = new Floors([floor]);
    const old = record('k', 1, { hlc: 99, origin: originOf(9) });
    expect(floors.mayHaveDeleted(old, vector(4), vector(9))).toBe(true);
    expect(floors.mayHaveDeleted({ ...old, hlc: 100 }, vector(4), vector(9))).toBe(false);
    expect(floors.mayHaveDeleted(old, vector(5), vector(9))).toBe(false);
  });
});

/** Holds one live write of its own, number 3: below it is a floor. */
function purged(): { replica: SingleReplica; own: typeof origin } {
  const replica = new SingleReplica({ windowBytes: 1 });
  replica.put('\u0000gone', 'v');
  replica.put('\u0000gone', null);
  replica.put('\u0000kept', 'v');
  replica.turn();
  const own = replica.store.get('\u0000kept')?.origin ?? origin;
  replica.pass(1_100);
  if (replica.core.tombstones > 0) throw new Error('not purged');
  return { replica, own };
}

describe('whoever is below a floor', () => {
  it('is told so in digests, and who is not is not', () => {
    const { replica, own } = purged();
    expect([said(replica).behind, said(replica, [coveredTo(own, 1)]).behind]).toEqual([true, true]);
    expect(said(replica, [coveredTo(own, 2)]).behind).toBe(false);
  });

  it('is not brought what it lacks, only what is written from now on', () => {
    const { replica, own } = purged();
    replica.meet(alice, { vector: [coveredTo(own, 1)] });
    expect(replica.requests('delta')).toEqual([]);
    replica.put('\u0000new', 'v');
    replica.turn();
    expect(rangesOf(replica.requests('delta'))).toEqual([[3, 4]]);
  });

  it('is brought all of it as soon as it has read the map', () => {
    const { replica, own } = purged();
    replica.meet(alice, { vector: [coveredTo(own, 1)] });
    replica.ask(alice, digestOf(alice, { vector: [coveredTo(own, 2)] }));
    expect(rangesOf(replica.requests('delta'))).toEqual([[2, 3]]);
  });

  it('gets no range of own writes that leads across the floor', () => {
    const { replica, own } = purged();
    replica.handle({ type: 'peer-up', peer: alice });
    replica.answer(replica.sole('digest'), digestOf(alice, { ready: false }));
    replica.put('\u0000new', 'v');
    replica.turn();
    // Its pages are read, and they were of somebody who covers nothing below the floor.
    const covered = [{ origin: own, watermark: 0, intervals: [[4, 4] as const] }];
    replica.answer(replica.sole('delta'), {
      kind: 'covered',
      from: alice,
      joining: false,
      unsettled: false,
      vector: covered,
    });
    expect(rangesOf(replica.requests('delta'))).toEqual([[2, 3]]);
  });

  it('gets no range that is relayed across the floor', () => {
    const replica = new SingleReplica({ windowBytes: 1, deltaBytes: 1 });
    const records = [1, 2, 3, 6].map((seq) => record(`\u0000${String(seq)}`, seq));
    replica.ask(bob, { kind: 'delta', ranges: [{ origin, from: 0, to: 6 }], records });
    replica.meet(alice);
    const [round] = replica.pass(3_000);
    if (round === undefined) throw new Error('no round');
    replica.answer(round, digestOf(alice));
    const first = replica.sole('delta');
    expect(rangesOf([first])).toEqual([[0, 1]]);
    // Meanwhile this replica learns from Bob that a tombstone with number 5 is gone.
    const { vector: covered } = said(replica);
    replica.handle({ type: 'peer-up', peer: bob });
    replica.answer(replica.sole('digest'), digestOf(bob, { vector: covered, behind: true }));
    replica.answer(replica.sole('page-request'), {
      kind: 'page',
      ...{ vector: covered, floors: [{ origin, seq: 5, hlc: 1_005 }], retired: [], total: 4 },
      ...{ after: '', reached: '\u00006', records, done: true },
    });
    replica.answer(first, {
      kind: 'covered',
      from: alice,
      joining: false,
      unsettled: false,
      vector: [coveredTo(origin, 1)],
    });
    expect(rangesOf(replica.requests('delta'))).toEqual([[5, 6]]);
  });

  it('may still send what was deleted as a loose record: that is not taken back', () => {
    const { replica, own } = purged();
    const hlc = (replica.store.get('\u0000kept')?.hlc ?? 0) - 2;
    const dead: StoredRecord = record('\u0000gone', 1, { origin: own, hlc, writer: nodeId(0) });
    replica.ask(alice, { kind: 'delta', ranges: [], records: [dead] });
    expect([replica.core.size, replica.core.counters['ignored']]).toEqual([1, 1]);
  });
});

describe('floors', () => {
  it('go along with pages', () => {
    const { replica, own } = purged();
    const page = replica.ask(alice, pageRequest('', 1_000));
    expect(page).toMatchObject({ floors: [{ origin: own, seq: 2 }] });
  });

  it('stay when the peers agree', () => {
    const { replica } = purged();
    replica.meet(alice, agreeing(replica, alice));
    replica.pass(5_000);
    expect(replica.ask(alice, pageRequest('', 1_000))).toMatchObject({ floors: [{ seq: 2 }] });
  });
});
