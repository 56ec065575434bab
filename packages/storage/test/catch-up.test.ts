import type { Floor, Page, StoredRecord } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { bytes, record } from './records.ts';
import {
  coveredTo,
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
const other = originOf(9);
const floor: Floor = { origin, seq: 5, hlc: 2_000 };

/** What Bob has: all up to 9, and the floor. */
function page(records: StoredRecord[], more: Partial<Page> = {}): Page {
  const said = { vector: [coveredTo(origin, 9)], floors: [floor], retired: [], total: 9 };
  const reached = records.at(-1)?.key ?? '';
  return { kind: 'page', ...said, after: '', reached, records, done: true, ...more };
}

/** A replica that holds these records, and covers the origin up to 4. */
function holding(...records: StoredRecord[]): SingleReplica {
  const replica = new SingleReplica();
  replica.ask(bob, { kind: 'delta', ranges: [{ origin, from: 0, to: 4 }], records });
  return replica;
}

/** Bob says that it may have missed tombstones: the request for his first page. */
function told(replica: SingleReplica): Request {
  replica.handle({ type: 'peer-up', peer: bob });
  const digest = digestOf(bob, { vector: [coveredTo(origin, 9)], behind: true });
  replica.answer(replica.sole('digest'), digest);
  return replica.sole('page-request');
}

function keys(replica: SingleReplica): string[] {
  return Array.from(replica.store.range(), ({ key }) => key.slice(1));
}

function own(replica: SingleReplica): Page {
  const reply = replica.ask(alice, pageRequest('', 1_000));
  if (reply.kind !== 'page') throw new Error('no page');
  return reply;
}

describe('who may have missed tombstones', () => {
  it('reads the map of the peer that says so, and drops what was deleted there', () => {
    const replica = holding(record('\u0000a', 1), record('\u0000b', 2));
    const asked = told(replica);
    expect(replica.notices('catching-up')).toEqual([{ type: 'catching-up', peer: bob }]);
    replica.core.observeChanges = true;
    const effects = replica.answer(asked, page([record('\u0000b', 2), record('\u0000z', 9)]));
    expect(keys(replica)).toEqual(['b', 'z']);
    expect([replica.core.counters['dropped'], replica.core.tombstones, replica.core.size]).toEqual([1, 0, 2]);
    const changes = effects.filter(({ type }) => type === 'change');
    expect(changes).toMatchObject([
      { record: { key: '\u0000a', value: null }, previous: { seq: 1 }, cause: 'remote' },
      {},
    ]);
  });

  it.each<[string, StoredRecord, Partial<Page>]>([
    ['is newer than all tombstones that were purged', record('\u0000a', 1, { hlc: 2_000 }), {}],
    ['the peer does not cover', record('\u0000a', 1, { origin: other }), {}],
    ['the peer covers but has no floor for', record('\u0000a', 1), { floors: [] }],
    ['is below a floor that was not missed', record('\u0000a', 1), { floors: [{ ...floor, seq: 4 }] }],
    ['the peer holds', record('\u0000a', 1), { records: [record('\u0000a', 1)], reached: '\u0000a' }],
    [
      'the peer holds a later version of',
      record('\u0000a', 1),
      { records: [record('\u0000a', 9)], reached: '\u0000a' },
    ],
  ])('keeps a record that %s', (_, kept, said) => {
    const replica = holding(...(kept.origin === origin ? [kept] : []));
    const ranges = [{ origin: other, from: 0, to: 1 }];
    if (kept.origin === other) replica.ask(bob, { kind: 'delta', ranges, records: [kept] });
    replica.answer(told(replica), page([], said));
    expect([keys(replica), replica.core.counters['dropped']]).toEqual([['a'], 0]);
  });

  it('drops only between the keys of a page', () => {
    const replica = holding(record('\u0000a', 1), record('\u0000c', 2), record('\u0000e', 3));
    const first = page([record('\u0000b', 8)], { done: false });
    replica.answer(told(replica), first);
    expect(keys(replica)).toEqual(['b', 'c', 'e']);
    replica.answer(replica.sole('page-request'), page([record('\u0000d', 9)], { done: false }));
    expect(keys(replica)).toEqual(['b', 'd', 'e']);
    replica.answer(replica.sole('page-request'), page([], { reached: '\u0000d' }));
    expect(keys(replica)).toEqual(['b', 'd']);
  });

  it('judges by what it covered when it began, whatever comes meanwhile', () => {
    const replica = holding(record('\u0000a', 1), record('\u0000c', 2));
    replica.answer(told(replica), page([record('\u0000b', 8)], { done: false }));
    const next = replica.sole('page-request');
    replica.ask(bob, { kind: 'delta', ranges: [{ origin, from: 4, to: 9 }], records: [] });
    replica.answer(next, page([], { reached: '\u0000b' }));
    expect(keys(replica)).toEqual(['b']);
  });

  it('does not take back tombstones that it covers, nor what a tombstone that it purged deleted', () => {
    const replica = holding();
    const mine = { origin: other, seq: 3, hlc: 3_000 };
    const tombstone = record('\u0000t', 3, { value: null, origin: other, hlc: mine.hlc });
    replica.ask(alice, { kind: 'delta', ranges: [{ origin: other, from: 0, to: 3 }], records: [tombstone] });
    replica.pass(1_100);
    expect(own(replica).floors).toEqual([mine]);
    const covered = record('\u0000x', 4, { value: null, hlc: mine.hlc + 1 });
    const deleted = record('\u0000y', 2, { hlc: mine.hlc - 1 });
    const lost = record('\u0000z', 3, { hlc: mine.hlc + 1 });
    replica.answer(told(replica), page([covered, deleted, lost]));
    expect([keys(replica), replica.core.tombstones]).toEqual([['z'], 0]);
  });

  it('covers nothing more and has no floors before the last page', () => {
    const replica = holding();
    replica.answer(told(replica), page([record('\u0000a', 8)], { done: false }));
    const next = replica.sole('page-request');
    expect([own(replica).vector, own(replica).floors]).toEqual([[coveredTo(origin, 4)], []]);
    replica.answer(next, page([record('\u0000b', 9)]));
    expect([own(replica).vector, own(replica).floors]).toEqual([[coveredTo(origin, 9)], [floor]]);
    const again = new SingleReplica({ store: replica.store, seed: 2 });
    expect([own(again).vector, own(again).floors]).toEqual([[coveredTo(origin, 9)], [floor]]);
  });

  it('is not to be relied on until it has read all', () => {
    const replica = holding(record('\u0000a', 1));
    const fetched = (): unknown => replica.ask(alice, { kind: 'fetch', key: '\u0000a' });
    expect([said(replica).ready, fetched()]).toMatchObject([true, { records: [{ seq: 1 }] }]);
    const asked = told(replica);
    expect([said(replica).ready, fetched()]).toEqual([false, { kind: 'fetched', records: [] }]);
    replica.answer(asked, page([record('\u0000a', 1)]));
    expect([said(replica).ready, fetched()]).toMatchObject([true, { records: [{ seq: 1 }] }]);
    expect(replica.core.ready).toBe(true);
  });

  it('goes on after the last key when it was cut', () => {
    const replica = holding();
    replica.answer(told(replica), page([record('\u0000m', 8)], { done: false }));
    replica.fail(replica.sole('page-request'));
    const asked = replica.pass(2_000).find(({ message }) => message.kind === 'digest');
    if (asked === undefined) throw new Error('never asked again');
    replica.answer(asked, digestOf(bob, { vector: [coveredTo(origin, 9)], behind: true }));
    expect(replica.sole('page-request').message).toMatchObject({ after: '\u0000m' });
    expect(replica.core.counters['catchUps']).toBe(1);
  });

  it('reads again only after growing pauses, whatever a peer says', () => {
    const replica = holding();
    const begun: number[] = [];
    const behind = digestOf(bob, { vector: [coveredTo(origin, 9)], behind: true });
    replica.answer(told(replica), page([record('\u0000a', 9)]));
    for (let passed = 0; passed < 90_000; passed += 100) {
      replica.pass(100);
      replica.ask(bob, behind);
      for (const request of replica.requests('page-request')) {
        begun.push(replica.nowMs);
        replica.answer(request, page([record('\u0000a', 9)]));
      }
    }
    const gaps = begun.map((at, index) => at - (begun[index - 1] ?? 0));
    expect(gaps).toEqual([2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000, 15_000]);
    expect(replica.core.get('\u0000a', 0)?.value).toEqual(bytes('v9'));
  });
});
