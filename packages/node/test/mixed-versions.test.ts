import { datagramTransport, MemoryNetwork, newSecret, seededRandom, VirtualClock } from '@simpledht/transport';
import { SimpleDHTError } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { createTestCluster } from '../src/testing/index.ts';

const secret = newSecret(seededRandom(9));

/** Every other node speaks the later version. */
const everyOther = (index: number): boolean => index % 2 === 1;

describe('a later version of the protocol beside this one', () => {
  it.each([
    ['in the clear', {}],
    ['with a secret', { node: () => ({ secret }) }],
  ])('replicates both ways, %s, and only what is new is refused', async (_, options) => {
    const errors: Error[] = [];
    const cluster = await createTestCluster(4, { ...options, isLater: everyOther });
    for (const node of cluster.nodes) node.on('error', (error) => errors.push(error));
    for (const [index, node] of cluster.nodes.entries()) {
      const written = node.put(`from ${String(index)}`, index, { acks: 'all' });
      expect(await cluster.settle(written)).toMatchObject({ acknowledged: 4 });
    }
    await cluster.advance(60_000);
    const malformed = cluster.nodes.map((node) => node.metrics()['node']?.['malformed'] ?? 0);
    await cluster.stop();

    expect(errors).toEqual([]);
    expect(Math.min(...malformed)).toBeGreaterThan(0);
    expect(cluster.falseDeaths).toEqual([]);
  });

  it('takes over the data of this one, and gives it back', async () => {
    let life = 0;
    const cluster = await createTestCluster(3, { disk: true, isLater: (index) => index === 2 && life % 2 === 1 });
    for (life = 1; life <= 2; life++) {
      await cluster.settle(cluster.node(0).put(`life ${String(life)}`, life, { acks: 'all' }));
      cluster.kill(2);
      await cluster.restart(2, { keepData: true });
      await cluster.healed();
      expect(await cluster.node(2).get(`life ${String(life)}`)).toBe(life);
    }
    await cluster.stop();
  });
});

describe('a version that shares nothing with this one', () => {
  it.each([
    ['an older', { min: 0, max: 0, current: 0 }],
    ['a later', { min: 2, max: 3, current: 2 }],
  ])('%s one is told so at once', async (_, versions) => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: seededRandom(1), delayMs: [1, 1] });
    const [here, there] = ['10.0.0.1:1', '10.0.0.2:1'];
    const make = (address: string, seed: number, more: object): ReturnType<typeof datagramTransport> =>
      datagramTransport({ socket: network.socket(address), clock, random: seededRandom(seed), ...more });
    const [old, other] = [make(here, 2, {}), make(there, 3, { versions })];
    const handlers = { onDatagram: () => undefined, onRequest: () => undefined, onEvent: () => undefined };
    await Promise.all([old.open(handlers), other.open(handlers)]);

    const failed = other.request(here, Uint8Array.of(1)).catch((error: unknown) => error);
    await clock.advance(100);
    const error = await failed;
    expect(error).toBeInstanceOf(SimpleDHTError);
    expect(String(error)).toContain('no common protocol version');
    await Promise.all([old.close(), other.close()]);
  });
});
