import { afterEach, describe, expect, it } from 'vitest';
import { decodeMessage, packetHeaderBytes, packetKind, readFrames } from '@simpledht/wire';
import { createTestCluster, type TestCluster } from '../src/testing/index.ts';

let cluster: TestCluster;

afterEach(async () => {
  await cluster.stop();
});

/** The checksum at the end of a packet that is not sealed, bytes. */
const tagBytes = 4;

/** What a datagram is for: its messages by kind, else the types of its frames. */
function purposes(datagram: Uint8Array): readonly string[] {
  if (packetKind(datagram) !== 'established') return ['handshake'];
  const frames = readFrames(datagram, packetHeaderBytes, datagram.length - tagBytes);
  return frames.map((frame) =>
    frame.type === 'message' || frame.type === 'datagram' ? decodeMessage(frame.payload).kind : frame.type,
  );
}

/** Counts from now on the datagrams for which `wanted` holds of some purpose. */
function count(wanted: (purpose: string) => boolean): { value: number } {
  const counter = { value: 0 };
  cluster.network.onDatagram = (_from, _to, datagram) => {
    if (purposes(datagram).some(wanted)) counter.value++;
  };
  return counter;
}

describe('what a write costs', () => {
  it('one put between two nodes: at most 6 datagrams that carry or acknowledge it, and no more ten seconds later', async () => {
    cluster = await createTestCluster(2);
    await cluster.advance(60_000);
    const cost = count((purpose) => ['delta', 'covered', 'ack'].includes(purpose));
    await cluster.settle(cluster.node(0).put('k', 'v', { acks: 'all' }));
    await cluster.advance(500);
    expect(cost.value).toBeGreaterThanOrEqual(2);
    expect(cost.value).toBeLessThanOrEqual(6);
    const records = count((purpose) => purpose === 'delta' || purpose === 'covered');
    await cluster.advance(10_000);
    expect(records.value).toBe(0);
  });

  it('a thousand puts in one turn travel together', async () => {
    cluster = await createTestCluster(2);
    await cluster.advance(5000);
    const before = cluster.network.counters.datagrams;
    for (let i = 0; i < 1000; i++) void cluster.node(0).put(`key ${String(i)}`, 'x'.repeat(100));
    await cluster.until(() => cluster.node(1).size === 1000);
    // 1,000 records of about 130 bytes fill at least 109 datagrams of 1,200 bytes; nearly all come out of order and are
    // acknowledged at once.
    expect(cluster.network.counters.datagrams - before).toBeLessThan(240);
  });

  it('an idle cluster is quiet', async () => {
    cluster = await createTestCluster(3);
    await cluster.advance(60_000);
    const before = cluster.network.counters.datagrams;
    await cluster.advance(60_000);
    const perNodeAndSecond = (cluster.network.counters.datagrams - before) / 3 / 60;
    expect(perNodeAndSecond).toBeLessThan(3);
  });
});
