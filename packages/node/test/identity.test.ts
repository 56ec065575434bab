import { afterEach, describe, expect, it } from 'vitest';
import type { DHTNode, NodeEvents } from '@simpledht/node';
import { createTestCluster, type TestCluster } from '../src/testing/index.ts';

/* Who is who when a process is restarted, and when its data is copied: what the others are told. */

let running: TestCluster | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

async function three(): Promise<TestCluster> {
  running = await createTestCluster(3, { seed: 8, disk: true });
  await running.advance(5000);
  return running;
}

const names = [
  'peer-joined',
  'peer-left',
  'peer-restarted',
  'peer-moved',
  'peer-duplicated',
  'identity-conflict',
] as const;

/** What a node is told from now on: event, and whose id it is about. */
function heardBy(node: DHTNode): string[] {
  const heard: string[] = [];
  for (const name of names) {
    node.on(name, (...[about]: NodeEvents[typeof name]) => {
      heard.push(typeof about === 'object' ? `${name} ${about.id}` : name);
    });
  }
  node.on('error', () => undefined);
  return heard;
}

describe('a process that is restarted at its address', () => {
  it('with its data is the same member, and the others hear of it', async () => {
    const cluster = await three();
    const { id } = cluster.node(1);
    const heard = heardBy(cluster.node(0));
    await cluster.crash(1);
    const again = await cluster.restart(1, { keepData: true });
    await cluster.until(() => heard.length > 0, 3000);
    await cluster.advance(30_000);
    expect(again.id).toBe(id);
    expect(heard).toEqual([`peer-restarted ${id}`]);
    expect(cluster.node(0).peers).toHaveLength(2);
  });

  it('without its data is another member, in the place of the old one', async () => {
    const cluster = await three();
    const { id } = cluster.node(1);
    const heard = heardBy(cluster.node(0));
    await cluster.crash(1);
    const again = await cluster.restart(1);
    await cluster.until(() => heard.length > 1, 3000);
    await cluster.advance(30_000);
    expect(heard).toEqual([`peer-left ${id}`, `peer-joined ${again.id}`]);
    expect(cluster.node(0).peers.map((peer) => peer.id)).not.toContain(id);
  });
});

describe('a copy of the data of a running node', () => {
  it('that runs too is reported by those that meet both, and by one of the two, and loses no write', async () => {
    const cluster = await three();
    const { id } = cluster.node(1);
    const heard = [0, 1].map((index) => heardBy(cluster.node(index)));
    await cluster.crash(2);
    const twin = await cluster.restart(2, { from: cluster.copyDisk(1) });
    const heardByTwin = heardBy(twin);
    expect(twin.id).toBe(id);
    await cluster.settle(Promise.all([cluster.node(1).put('one', 1), twin.put('two', 2)]));
    await cluster.advance(120_000);
    expect(heard[0]).toContain(`peer-duplicated ${id}`);
    expect([...(heard[1] ?? []), ...heardByTwin]).toContain('identity-conflict');
    expect(['one', 'two'].map((key) => cluster.node(0).getSync(key))).toEqual([1, 2]);
  });
});

describe('a peer as people see it', () => {
  it('has state, address, round trip, clock, and when it was last heard', async () => {
    const cluster = await three();
    cluster.skew(1, 3000);
    await cluster.advance(60_000);
    const { id } = cluster.node(1);
    const seen = (): DHTNode['peers'][number] | undefined => cluster.node(0).peers.find((peer) => peer.id === id);
    expect(seen()).toMatchObject({ address: cluster.addressOf(1), state: 'alive', inSync: true });
    expect(seen()?.rttMs).toBeLessThan(5);
    expect(seen()?.clockOffsetMs).toBeCloseTo(3000, -2);
    expect(seen()?.lastSeenAgoMs).toBeLessThan(2500);
    await cluster.crash(1);
    await cluster.advance(60_000);
    expect(seen()).toMatchObject({ state: 'dead', inSync: false });
    expect(seen()?.lastSeenAgoMs).toBeGreaterThan(57_000);
  });

  it('is counted', async () => {
    const cluster = await three();
    await cluster.crash(1);
    await cluster.advance(60_000);
    const { membership } = cluster.node(0).metrics();
    expect(membership).toMatchObject({ suspicions: 1, 'members-died': 1, 'members-joined': 2, refutations: 0 });
    expect(membership?.['probes']).toBeGreaterThan(50);
    expect(membership?.['probes-failed']).toBeGreaterThan(0);
    expect(membership?.['local-health']).toBe(1);
  });
});
