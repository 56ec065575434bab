import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { datagramTransport, seededRandom, type Transport } from '@simpledht/transport';
import { encodeMessage, type Message, type NodeId, type Origin } from '@simpledht/wire';
import { createTestCluster, type TestCluster } from '../src/testing/index.ts';

/* What arrives from the network cannot crash a node, and what is no well-formed message changes nothing. */

let cluster: TestCluster;
const errors: Error[] = [];

beforeEach(async () => {
  cluster = await createTestCluster(2);
  errors.length = 0;
  for (const node of cluster.nodes) node.on('error', (error) => errors.push(error));
  await cluster.settle(cluster.node(0).put('k', 'before', { acks: 'all' }));
});

afterEach(async () => {
  await cluster.stop();
});

async function stillWorks(): Promise<void> {
  expect(errors).toEqual([]);
  expect(cluster.nodes.map((node) => [...node.entries()])).toEqual([[['k', 'before']], [['k', 'before']]]);
  expect(cluster.nodes.map((node) => node.info().members)).toEqual([2, 2]);
  await cluster.settle(cluster.node(1).put('k', 'after', { acks: 'all' }));
  expect(cluster.node(0).getSync('k')).toBe('after');
}

async function stranger(): Promise<Transport> {
  const socket = cluster.network.socket('10.9.9.9:999');
  const transport = datagramTransport({ socket, clock: cluster.clock, random: seededRandom(9) });
  await transport.open({ onDatagram: () => undefined, onRequest: () => undefined, onEvent: () => undefined });
  return transport;
}

describe('a stranger', () => {
  it.each([1, 2, 3])('that sends random datagrams of any size changes nothing (seed %i)', async (seed) => {
    const random = seededRandom(seed);
    const socket = cluster.network.socket('10.9.9.9:999');
    await socket.bind({ onDatagram: () => undefined, onError: () => undefined });
    for (let i = 0; i < 3000; i++) {
      const datagram = random.bytes(Math.floor(random.next() ** 3 * 1200));
      // Half of them begin like a packet: the parser behind the first check is what is tried.
      if (datagram.length > 0 && i % 2 === 0) datagram[0] = [0x40, 0x80, 0xc0, 0x53][i % 4] ?? 0;
      socket.send(datagram, cluster.addressOf(i % 2));
      if (i % 100 === 0) await cluster.advance(1);
    }
    await cluster.advance(1000);
    await stillWorks();
    await socket.close();
  });

  it.each([1, 2, 3])('that repeats overheard datagrams with flipped bits changes nothing (seed %i)', async (seed) => {
    const random = seededRandom(seed);
    const overheard: Uint8Array[] = [];
    cluster.network.onDatagram = (_from, _to, bytes) => {
      if (overheard.length < 300) overheard.push(bytes.slice());
    };
    const late = await cluster.add();
    await cluster.settle(late.ready());
    await cluster.stopNode(2);
    cluster.network.onDatagram = undefined;
    const socket = cluster.network.socket('10.9.9.9:999');
    await socket.bind({ onDatagram: () => undefined, onError: () => undefined });
    for (let i = 0; i < 2000; i++) {
      const datagram = overheard[Math.floor(random.next() * overheard.length)]?.slice() ?? new Uint8Array();
      for (let flips = Math.floor(random.next() * 4); flips >= 0; flips--) {
        const at = Math.floor(random.next() * datagram.length);
        datagram[at] = (datagram[at] ?? 0) ^ (1 << Math.floor(random.next() * 8));
      }
      socket.send(datagram, cluster.addressOf(i % 2));
      if (i % 100 === 0) await cluster.advance(1);
    }
    await cluster.advance(1000);
    expect(errors).toEqual([]);
    expect(cluster.live.map((node) => node.getSync('k'))).toEqual(['before', 'before']);
    await socket.close();
  });

  it('that sends payloads which are no messages is answered with a failure at most', async () => {
    const transport = await stranger();
    const random = seededRandom(4);
    for (let i = 0; i < 200; i++) {
      const payload = random.bytes(1 + Math.floor(random.next() * 3000));
      payload[0] = i; // every kind of message
      transport.send(cluster.addressOf(0), payload.subarray(0, 1000));
      transport.request(cluster.addressOf(0), payload, { timeoutMs: 500 }).catch(() => undefined);
      await cluster.advance(5);
    }
    await cluster.advance(1000);
    await stillWorks();
    await cluster.settle(transport.close());
  });

  const me = 'ee'.repeat(16) as NodeId;
  const origin = 'dd'.repeat(24) as Origin;
  const lies: readonly (readonly [string, Message])[] = [
    [
      'answers that nobody asked for',
      {
        kind: 'covered',
        from: me,
        joining: false,
        unsettled: false,
        vector: [{ origin, watermark: 9, intervals: [] }],
      },
    ],
    [
      'a page that nobody asked for',
      {
        kind: 'page',
        vector: [],
        floors: [],
        retired: [],
        total: 9,
        after: '',
        reached: '',
        records: [],
        done: true,
      },
    ],
    [
      'a request for a page from beyond the end',
      { kind: 'page-request', after: '\u{10ffff}', maxBytes: 1, skip: 0, buckets: new Uint8Array(0) },
    ],
    ['a ping for someone else', { kind: 'ping', from: me, target: me, nonce: 1, updates: [] }],
    [
      'an ack that nobody waits for',
      { kind: 'ping-ack', from: me, nonce: 77, nowMs: 1, observed: '1.2.3.4:5', updates: [] },
    ],
    [
      'a value that does not decode',
      {
        kind: 'client-put',
        namespace: '',
        key: 'k',
        value: new Uint8Array([0xc1]),
        ttlMs: 0,
        acks: 'local',
        timeoutMs: 10,
      },
    ],
    [
      'a put with an empty key',
      {
        kind: 'client-put',
        namespace: '',
        key: '',
        value: new Uint8Array([1]),
        ttlMs: 0,
        acks: 'local',
        timeoutMs: 10,
      },
    ],
    ['a list without end', { kind: 'client-list', namespace: '', prefix: '', after: '', limit: 1024, values: true }],
  ];

  it.each(lies)('that sends %s changes nothing', async (_, message) => {
    const transport = await stranger();
    const payload = encodeMessage(message);
    transport.send(cluster.addressOf(0), payload);
    transport.request(cluster.addressOf(0), payload, { timeoutMs: 500 }).catch(() => undefined);
    await cluster.advance(1000);
    await stillWorks();
    await cluster.settle(transport.close());
  });
});
