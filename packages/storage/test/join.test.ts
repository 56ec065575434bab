import type { Page, StorageRequest } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { areEqual } from './contents.ts';
import { record } from './records.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { digestOf, nodeId, originOf, pageRequest, SingleReplica, type Request } from './single-replica.ts';

const [alice, bob] = [nodeId(1), nodeId(2)];
const origin = originOf(8);

function vectorAt(watermark: number): Page['vector'] {
  return [{ origin, watermark, intervals: [] }];
}

function page(watermark: number, seqs: number[], done = false, from = ''): Page {
  const records = seqs.map((seq) => record(`\u0000key ${String(seq)}`, seq));
  const reached = records.at(-1)?.key ?? from;
  const said = { vector: vectorAt(watermark), floors: [], retired: [], total: 10 };
  return { kind: 'page', ...said, after: from, reached, records, done };
}

function after({ message }: Request): string {
  if (message.kind !== 'page-request') throw new Error('not a page request');
  return message.after;
}

/** An empty replica that has begun to read a ready peer's pages. */
function joiner(): SingleReplica {
  const replica = new SingleReplica({ alone: false });
  replica.handle({ type: 'peer-up', peer: alice });
  replica.answer(replica.sole('digest'), digestOf(alice, { vector: vectorAt(5) }));
  return replica;
}

/** Lets time pass and fails everything that is asked; how often that was. */
function failAll(replica: SingleReplica, durationMs: number): number {
  let tries = 0;
  for (const end = replica.nowMs + durationMs; replica.nowMs < end;) {
    for (const request of replica.pass(100)) {
      tries += 1;
      replica.fail(request);
    }
  }
  return tries;
}

function ownVector(replica: SingleReplica): unknown {
  const reply = replica.ask(bob, digestOf(bob));
  return reply.kind === 'digest' ? [reply.ready, reply.vector] : undefined;
}

describe('join', () => {
  it('reads pages in key order, covers nothing until the last, and then what the first was read at', () => {
    const replica = joiner();
    expect(after(replica.sole('page-request'))).toBe('');
    replica.answer(replica.sole('page-request'), page(5, [1, 2]));
    expect(replica.notices('progress')).toMatchObject([{ records: 2, share: 0.2 }]);
    expect(after(replica.sole('page-request'))).toBe('\u0000key 2');
    const next = replica.sole('page-request');
    expect(ownVector(replica)).toEqual([false, []]);
    replica.answer(next, page(9, [3], true));
    expect(ownVector(replica)).toEqual([false, vectorAt(5)]);
    expect(replica.core.size).toBe(3);
  });

  it('is ready when it covers what the server had at the last page', () => {
    const replica = joiner();
    replica.answer(replica.sole('page-request'), page(5, [1], true));
    expect([replica.core.ready, replica.notices('ready').length]).toEqual([true, 1]);
    const behind = joiner();
    behind.answer(behind.sole('page-request'), page(5, [1]));
    behind.answer(behind.sole('page-request'), page(7, [2], true));
    expect(behind.core.ready).toBe(false);
    behind.ask(alice, { kind: 'delta', ranges: [{ origin, from: 5, to: 7 }], records: [] });
    expect(behind.core.ready).toBe(true);
  });

  it('goes on at the same key at another peer after a cut, and claims the lesser of both vectors', () => {
    const replica = joiner();
    replica.answer(replica.sole('page-request'), page(5, [1, 2]));
    replica.handle({ type: 'peer-up', peer: bob });
    replica.handle({ type: 'peer-down', peer: alice });
    replica.answer(replica.sole('digest'), digestOf(bob, { vector: vectorAt(4) }));
    const resumed = replica.sole('page-request');
    expect([resumed.targets[0]?.peer, after(resumed)]).toEqual([bob, '\u0000key 2']);
    replica.answer(resumed, page(4, [3], true));
    expect(ownVector(replica)).toEqual([true, vectorAt(4)]);
  });

  it('merges live writes meanwhile, without covering them; they count in the end', () => {
    const replica = joiner();
    const delta: StorageRequest = {
      kind: 'delta',
      ranges: [{ origin, from: 5, to: 6 }],
      records: [record('\u0000live', 6)],
    };
    const waiting = replica.sole('page-request');
    expect(replica.ask(alice, delta)).toEqual({
      kind: 'covered',
      from: replica.id,
      joining: true,
      unsettled: false,
      vector: [],
    });
    expect(replica.core.get('\u0000live', 0)?.seq).toBe(6);
    replica.answer(waiting, page(5, [1], true));
    expect(ownVector(replica)).toEqual([true, vectorAt(6)]);
  });

  it('leaves a server that goes round in circles alone for a while', () => {
    const replica = joiner();
    const waiting = replica.sole('page-request');
    replica.handle({ type: 'attempts-over' });
    replica.answer(waiting, page(5, [2]));
    replica.answer(replica.sole('page-request'), page(5, [1]));
    expect([replica.core.size, replica.core.ready, replica.requests()]).toEqual([1, false, []]);
    const [asked] = replica.pass(1_000);
    if (asked === undefined) throw new Error('never tried again');
    replica.answer(asked, digestOf(alice, { vector: vectorAt(5) }));
    expect(after(replica.sole('page-request'))).toBe('\u0000key 2');
  });

  it('ignores the answer to a page that it no longer waits for', () => {
    const replica = joiner();
    const late = replica.sole('page-request');
    replica.fail(late);
    const [asked] = replica.pass(1_000);
    if (asked === undefined) throw new Error('never tried again');
    replica.answer(asked, digestOf(alice, { vector: vectorAt(5) }));
    const waiting = replica.sole('page-request');
    replica.answer(late, page(5, [9]));
    expect([replica.core.size, replica.requests()]).toEqual([0, []]);
    replica.answer(waiting, page(5, [1], true));
    expect(replica.core.ready).toBe(true);
  });

  it('goes on with the page on its way when a digest fails', () => {
    const replica = joiner();
    const waiting = replica.sole('page-request');
    replica.put('\u0000own', 'v');
    replica.turn();
    replica.fail(replica.sole('delta'));
    const [asked] = replica.pass(1_000);
    if (asked === undefined) throw new Error('never asked');
    replica.fail(asked);
    expect(replica.requests('page-request')).toEqual([]);
    replica.answer(waiting, page(5, [1, 2]));
    expect([replica.core.size, after(replica.sole('page-request'))]).toEqual([3, '\u0000key 2']);
  });

  it.each(['a lost page', 'a link that restarts', 'a lost digest'])('has the whole map in spite of %s', (fault) => {
    const cluster = new SimulatedCluster({ size: 2, seed: 3, settings: { pageBytes: 2_000 } });
    const [server, node] = [cluster.node(0), cluster.node(1)];
    cluster.tell(server, { type: 'attempts-over' });
    for (let index = 0; index < 500; index++) cluster.put(server, `\u0000key ${String(index)}`, 'v');
    cluster.turn(server);
    cluster.tell(server, { type: 'peer-up', peer: node.id });
    cluster.run(10);
    const cutFor = (durationMs: number): void => {
      cluster.cut(server, node);
      cluster.cut(node, server);
      cluster.run(durationMs);
      cluster.heal();
    };
    cluster.tell(node, { type: 'peer-up', peer: server.id });
    cluster.tell(node, { type: 'attempts-over' });
    if (fault === 'a lost digest') cutFor(500);
    else cluster.runUntil(() => node.store.size > 100, 1_000, 1);
    if (fault === 'a lost page') cutFor(50);
    if (fault === 'a link that restarts') {
      cluster.tell(node, { type: 'peer-down', peer: server.id });
      cluster.tell(node, { type: 'peer-up', peer: server.id });
    }
    expect(cluster.runUntil(() => node.replica.ready, 60_000, 1)).toBe(true);
    expect(node.store.size).toBe(500);
  });

  it('begins anew when the process died in the middle', () => {
    const replica = joiner();
    replica.answer(replica.sole('page-request'), page(5, [1, 2]));
    const again = new SingleReplica({ alone: false, store: replica.store });
    again.handle({ type: 'peer-up', peer: alice });
    again.answer(again.sole('digest'), digestOf(alice, { vector: vectorAt(5) }));
    expect(after(again.sole('page-request'))).toBe('');
  });

  it('serves pages of the size asked for, at least one record, to the end', () => {
    const replica = new SingleReplica();
    for (const key of ['c', 'a', 'b']) replica.put(`\u0000${key}`, 'v'.repeat(100));
    const seen: string[] = [];
    let from = '';
    for (let done = false; !done;) {
      const reply = replica.ask(alice, pageRequest(from, 50));
      if (reply.kind !== 'page') throw new Error('no page');
      expect(reply.records).toHaveLength(1);
      from = reply.records[0]?.key ?? '';
      seen.push(from);
      done = reply.done;
    }
    expect(seen).toEqual(['\u0000a', '\u0000b', '\u0000c']);
  });

  it('a large map arrives whole while everyone goes on writing', () => {
    const cluster = new SimulatedCluster({ size: 3, seed: 5, settings: { pageBytes: 2_000 }, faults: { delayMs: 20 } });
    const [first, second, third] = [cluster.node(0), cluster.node(1), cluster.node(2)];
    cluster.crash(third);
    cluster.connectAll();
    for (let index = 0; index < 1_000; index++) cluster.put(first, `\u0000key ${String(index)}`, 'old');
    cluster.turn(first);
    // The third is known and silent: the others do not wait for it for ever.
    expect(cluster.runUntil(() => second.replica.ready, 40_000)).toBe(true);
    cluster.restart(third, true);
    for (const node of [first, second]) {
      cluster.tell(third, { type: 'peer-up', peer: node.id });
      cluster.tell(node, { type: 'peer-up', peer: third.id });
    }
    for (let round = 0; !third.replica.ready && round < 1_000; round++) {
      cluster.put(round % 2 === 0 ? first : second, `\u0000key ${String(round % 500)}`, `new ${String(round)}`);
      cluster.turn(first);
      cluster.turn(second);
      cluster.run(5);
    }
    expect(third.replica.ready).toBe(true);
    expect(cluster.runUntil(() => areEqual(cluster), 1_000)).toBe(true);
  });
});

describe('ready', () => {
  it('at once when alone', () => {
    expect(new SingleReplica().core.ready).toBe(true);
  });

  it('when the attempts are over and nobody can be reached', () => {
    const replica = new SingleReplica({ alone: false });
    expect(replica.core.ready).toBe(false);
    replica.handle({ type: 'attempts-over' });
    expect(replica.core.ready).toBe(true);
  });

  it('not while a peer is up and silent, until it was tried several times and patience is over', () => {
    const replica = new SingleReplica({ alone: false, joinPatienceMs: 30_000 });
    replica.handle({ type: 'peer-up', peer: alice });
    const first = replica.sole('digest');
    replica.handle({ type: 'attempts-over' });
    replica.fail(first);
    const tries = failAll(replica, 29_000);
    expect([replica.core.ready, tries > 2]).toEqual([false, true]);
    failAll(replica, 2_000);
    expect(replica.core.ready).toBe(true);
  });

  it('not without a peer that said it is ready, as long as it is up', () => {
    const replica = joiner();
    const waiting = replica.sole('page-request');
    replica.handle({ type: 'attempts-over' });
    replica.fail(waiting);
    failAll(replica, 300_000);
    expect(replica.core.ready).toBe(false);
    replica.handle({ type: 'peer-down', peer: alice });
    replica.pass(5_000);
    expect(replica.core.ready).toBe(true);
  });

  it('not at once when the only peer goes down: it may be back in a moment', () => {
    const replica = joiner();
    replica.handle({ type: 'attempts-over' });
    replica.handle({ type: 'peer-down', peer: alice });
    replica.pass(4_999);
    expect(replica.core.ready).toBe(false);
    replica.handle({ type: 'peer-up', peer: alice });
    replica.answer(replica.sole('digest'), digestOf(alice, { vector: vectorAt(5) }));
    replica.answer(replica.sole('page-request'), page(5, [1], true));
    expect(replica.core.ready).toBe(true);
  });

  it('no more, when a node that was alone joins others, until one exchange', () => {
    const replica = new SingleReplica();
    replica.handle({ type: 'joining' });
    expect(replica.core.ready).toBe(false);
    replica.handle({ type: 'peer-up', peer: alice });
    replica.answer(replica.sole('digest'), digestOf(alice, { vector: vectorAt(1) }));
    expect(replica.core.ready).toBe(false);
    replica.answer(replica.sole('page-request'), page(1, [1], true));
    expect(replica.core.ready).toBe(true);
  });

  it('no more, when a node that wrote alone joins others, until it was brought what they hold', () => {
    const replica = new SingleReplica();
    replica.put('\u0000mine', 'v');
    replica.turn();
    replica.handle({ type: 'joining' });
    replica.handle({ type: 'peer-up', peer: alice });
    replica.answer(replica.sole('digest'), digestOf(alice, { vector: vectorAt(1) }));
    expect([replica.core.ready, replica.requests('page-request')]).toEqual([false, []]);
    replica.ask(alice, { kind: 'delta', ranges: [{ origin, from: 0, to: 1 }], records: [record('\u0000a', 1)] });
    expect(replica.core.ready).toBe(true);
  });

  it('still, when it joins others while it has peers; and again when nobody was found', () => {
    const replica = new SingleReplica();
    replica.handle({ type: 'joining' });
    replica.handle({ type: 'attempts-over' });
    expect(replica.core.ready).toBe(true);
    replica.meet(alice);
    replica.handle({ type: 'joining' });
    expect(replica.core.ready).toBe(true);
  });

  it('asks one peer after the other, and everyone when none is ready', () => {
    const replica = new SingleReplica({ alone: false });
    replica.handle({ type: 'peer-up', peer: alice });
    const first = replica.sole('digest');
    replica.handle({ type: 'peer-up', peer: bob });
    expect(replica.requests()).toEqual([]);
    replica.answer(first, digestOf(alice, { ready: false }));
    expect(replica.sole('digest').targets[0]?.peer).toBe(bob);
    replica.answer(replica.sole('digest'), digestOf(bob, { ready: false }));
    expect(replica.core.ready).toBe(false);
    replica.handle({ type: 'attempts-over' });
    expect(replica.core.ready).toBe(true);
  });

  it('a cluster whose nodes all start at once becomes ready and equal', () => {
    const cluster = new SimulatedCluster({ size: 5, seed: 3 });
    for (const node of cluster.nodes) cluster.put(node, `\u0000from ${String(node.index)}`, 'v');
    cluster.connectAll();
    expect(
      cluster.runUntil(() => cluster.nodes.every(({ replica }) => replica.ready) && areEqual(cluster), 5_000),
    ).toBe(true);
    expect(cluster.node(4).replica.size).toBe(5);
  });

  it('a restarted node with data catches up by deltas from one peer, without pages', () => {
    const cluster = new SimulatedCluster({ size: 3, seed: 4 });
    cluster.connectAll();
    cluster.put(cluster.node(2), '\u0000before', 'v');
    cluster.turn(cluster.node(2));
    cluster.run(5_000);
    const node = cluster.node(2);
    cluster.crash(node);
    for (const other of [cluster.node(0), cluster.node(1)]) {
      cluster.tell(other, { type: 'peer-down', peer: node.id });
      for (let index = 0; index < 50; index++) cluster.put(other, `\u0000${String(other.index)} ${String(index)}`, 'v');
      cluster.turn(other);
    }
    cluster.run(5_000);
    const pages = cluster.sent['page-request'];
    const before = cluster.nodes.map(({ replica }) => replica.counters['recordsSent'] ?? 0);
    cluster.restart(node, false);
    for (const other of [cluster.node(0), cluster.node(1)]) {
      cluster.tell(node, { type: 'peer-up', peer: other.id });
      cluster.tell(other, { type: 'peer-up', peer: node.id });
    }
    expect(cluster.runUntil(() => node.replica.ready && areEqual(cluster), 1_000)).toBe(true);
    expect(cluster.sent['page-request']).toBe(pages);
    const sent = cluster.nodes
      .slice(0, 2)
      .reduce((sum, { replica, index }) => sum + (replica.counters['recordsSent'] ?? 0) - (before[index] ?? 0), 0);
    expect(sent).toBe(100);
  });
});

describe('expiry', () => {
  it('hides a record from its moment on', () => {
    const replica = new SingleReplica();
    const expiresAt = replica.now.wallMs + 100;
    replica.core.put({ key: '\u0000k', value: Uint8Array.of(1), expiresAt }, replica.now.wallMs);
    expect(replica.core.get('\u0000k', expiresAt - 1)?.seq).toBe(1);
    expect(replica.core.get('\u0000k', expiresAt)).toBeUndefined();
    expect([...replica.core.range({}, expiresAt)]).toEqual([]);
  });
});
