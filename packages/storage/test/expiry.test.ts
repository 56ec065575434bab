import { describe, expect, it } from 'vitest';
import { compareRecords, type ReplicaEffect, type StoredRecord } from '../src/index.ts';
import { expiredOf } from '../src/record-order.ts';
import { bytes, record } from './records.ts';
import { nodeId, originOf, SingleReplica } from './single-replica.ts';

const bob = nodeId(2);
const origin = originOf(8);
const key = '\u0000k';

/** Holds one key, for so many ms. */
function holder(ttlMs: number, more: ConstructorParameters<typeof SingleReplica>[0] = {}): SingleReplica {
  const replica = new SingleReplica(more);
  const expiresAt = replica.now.wallMs + ttlMs;
  replica.core.put({ key, value: bytes('v'), expiresAt }, replica.now.wallMs);
  replica.turn();
  return replica;
}

function held(replica: SingleReplica): StoredRecord {
  const found = replica.store.get(key);
  if (found === undefined) throw new Error('nothing is held');
  // A stored record makes its value when it is read.
  return { ...found, value: found.value };
}

function changes(effects: readonly ReplicaEffect[]): Extract<ReplicaEffect, { type: 'change' }>[] {
  return effects.filter((effect) => effect.type === 'change');
}

describe('a record whose time is over', () => {
  it('is hidden from that moment on, swept or not', () => {
    const replica = holder(100);
    const { wallMs } = replica.now;
    expect(replica.core.get(key, wallMs + 99)?.seq).toBe(1);
    expect(replica.core.get(key, wallMs + 100)).toBeUndefined();
    expect([...replica.core.range({}, wallMs + 100)]).toEqual([]);
    expect(replica.core.size).toBe(1);
  });

  it('becomes a tombstone of the same version and dot, at its time', () => {
    const replica = holder(500);
    const before = held(replica);
    replica.core.observeChanges = true;
    expect(replica.core.deadline()).toBe(500);
    replica.pass(499);
    expect(replica.core.tombstones).toBe(0);
    replica.nowMs = 500;
    const told = changes(replica.handle({ type: 'tick' }));
    expect(told).toMatchObject([{ record: { key, value: null }, previous: { seq: 1 }, cause: 'expired' }]);
    expect(held(replica)).toEqual({ ...before, value: null });
    expect([replica.core.size, replica.core.tombstones, replica.core.counters['expired']]).toEqual([0, 1, 1]);
  });

  it('is swept in time however often something else happens', () => {
    const replica = holder(500);
    while (replica.nowMs < 530) {
      replica.pass(5);
      replica.turn();
    }
    expect(replica.core.tombstones).toBe(1);
  });

  it('is swept together with those that are over within the next 20 ms', () => {
    const replica = holder(500);
    for (const ttlMs of [505, 515, 530]) {
      const expiresAt = replica.now.wallMs + ttlMs;
      replica.core.put({ key: `\u0000${String(ttlMs)}`, value: bytes('v'), expiresAt }, replica.now.wallMs);
    }
    replica.turn();
    const swept = [500, 519, 520, 539, 540].map((untilMs) => {
      replica.pass(untilMs - replica.nowMs);
      return replica.core.counters['expired'];
    });
    expect(swept).toEqual([1, 1, 3, 3, 4]);
  });

  it('is swept by a process that did not run at its time', () => {
    const replica = holder(500);
    const again = new SingleReplica({ store: replica.store, seed: 2 });
    again.nowMs = 10_000;
    again.turn();
    again.pass(20);
    expect([again.core.size, again.core.tombstones]).toEqual([0, 1]);
  });

  it('that comes from a peer is swept as well', () => {
    const replica = new SingleReplica();
    const expiresAt = replica.now.wallMs + 300;
    const ranges = [{ origin, from: 0, to: 1 }];
    replica.ask(bob, { kind: 'delta', ranges, records: [record(key, 1, { expiresAt })] });
    replica.pass(299);
    expect(replica.core.tombstones).toBe(0);
    replica.pass(1);
    expect(replica.core.tombstones).toBe(1);
  });

  it('was overwritten before: nothing of the new value is swept', () => {
    const replica = holder(500);
    replica.put(key, 'for ever');
    replica.turn();
    replica.pass(1_000);
    expect(replica.core.get(key, replica.now.wallMs)?.value).toEqual(bytes('for ever'));
    expect(replica.core.counters['expired']).toBe(0);
  });

  it('waits in its tombstone until the clock of every member has passed its time', () => {
    const replica = holder(500, { maxClockAheadMs: 4_000 });
    replica.pass(4_400);
    expect(replica.core.tombstones).toBe(1);
    replica.pass(2_000);
    expect([replica.core.tombstones, replica.store.size]).toEqual([0, 0]);
  });
});

describe('the order of an expired write', () => {
  const live = record(key, 1, { expiresAt: 5 });
  const expired = expiredOf(live);

  it('its tombstone beats its live copy, and a later write beats both', () => {
    expect(compareRecords(expired, live)).toBeGreaterThan(0);
    const later = record(key, 2);
    expect(compareRecords(later, expired)).toBeGreaterThan(0);
    expect(compareRecords({ ...later, value: null }, expired)).toBeGreaterThan(0);
  });

  it('a delete of the same version is smaller than the value', () => {
    expect(compareRecords({ ...live, value: null, expiresAt: 0 }, live)).toBeLessThan(0);
  });

  it('a live copy that comes late does not bring the key back', () => {
    const replica = holder(500);
    const before = held(replica);
    replica.pass(600);
    const copy = { ...before, origin, seq: 1 };
    replica.ask(bob, { kind: 'delta', ranges: [{ origin, from: 0, to: 1 }], records: [copy] });
    expect(held(replica).value).toBeNull();
    const later = record(key, 2, { hlc: before.hlc + 1 });
    replica.ask(bob, { kind: 'delta', ranges: [{ origin, from: 1, to: 2 }], records: [later] });
    expect(held(replica)).toEqual(later);
  });
});
