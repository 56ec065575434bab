import { VirtualClock } from '@simpledht/transport';
import { describe, expect, it } from 'vitest';
import { mapPort, type PortMap, type PortMapEvent, type PortMapOptions } from '../src/index.ts';
import { FakeRouter } from './support/routers.ts';

interface World {
  readonly clock: VirtualClock;
  readonly router: FakeRouter;
  readonly events: PortMapEvent[];
  readonly mapping: PortMap;
}

const minuteMs = 60_000;
const mapped = { type: 'mapped', address: '9.9.9.9:5000', via: 'fake' };

async function world(router: FakeRouter, options: Partial<PortMapOptions> = {}): Promise<World> {
  const clock = new VirtualClock();
  const events: PortMapEvent[] = [];
  const onEvent = (event: PortMapEvent): void => void events.push(event);
  const mapping = mapPort({ port: 5000, clock, mapper: router, onEvent, ...options });
  await clock.advance(1);
  return { clock, router, events, mapping };
}

/** What a promise has come to after so much virtual time. */
async function stopped({ clock, mapping }: World, withinMs: number): Promise<boolean> {
  let done = false;
  void mapping.stop().then(() => (done = true));
  return clock.runUntil(() => done, withinMs);
}

describe('a mapped port', () => {
  it('is asked for as it was named, for an hour, and told once', async () => {
    const all = await world(new FakeRouter(), { host: '10.0.0.5', externalPort: 6000 });
    expect(all.events).toEqual([mapped]);
    expect(all.mapping.address).toBe('9.9.9.9:5000');
    expect(all.router.asked).toMatchObject([
      { internalPort: 5000, internalHost: '10.0.0.5', externalPort: 6000, leaseMs: 3_600_000 },
    ]);
    await all.clock.advance(24 * 60 * minuteMs);
    expect(all.events).toHaveLength(1);
  });

  it('is renewed after half its life, again and again', async () => {
    const { clock, router } = await world(new FakeRouter());
    await clock.advance(30 * minuteMs - 2);
    expect(router.asked).toHaveLength(1);
    await clock.advance(2);
    expect(router.asked).toHaveLength(2);
    await clock.advance(30 * minuteMs);
    expect(router.asked).toHaveLength(3);
  });

  it('is renewed at the port that was given, not at the one that somebody else has', async () => {
    const router = new FakeRouter();
    router.answer = () => ({ externalPort: 5003 });
    const { clock } = await world(router);
    await clock.advance(60 * minuteMs);
    expect(router.asked.map(({ externalPort }) => externalPort)).toEqual([5000, 5003, 5003]);
  });

  it('is told again when it has become another', async () => {
    const { clock, router, events, mapping } = await world(new FakeRouter());
    router.answer = () => ({ externalHost: '8.8.4.4', externalPort: 5001 });
    await clock.advance(30 * minuteMs);
    expect(events).toEqual([mapped, { ...mapped, address: '8.8.4.4:5001' }]);
    expect(mapping.address).toBe('8.8.4.4:5001');
  });

  it('holds through failed renewals until its time is over, tried after 1, 2, 4 … minutes', async () => {
    const { clock, router, events, mapping } = await world(new FakeRouter());
    router.answer = () => new Error('no');
    await clock.advance(30 * minuteMs + 31 * minuteMs - 10);
    // At 30, 31, 33, 37, 45 and, past the hour, 61 minutes.
    expect([router.asked.length, events, mapping.address]).toEqual([6, [mapped], '9.9.9.9:5000']);
    await clock.advance(20);
    expect(events).toEqual([mapped, { type: 'failed', reason: 'no' }]);
    expect(mapping.address).toBeUndefined();
    router.answer = () => ({});
    await clock.advance(30 * minuteMs);
    expect(events.at(-1)).toEqual(mapped);
  });
});

describe('a port that cannot be mapped', () => {
  it('is told with the reason, and tried for ever, at most every half hour', async () => {
    const router = new FakeRouter();
    router.answer = () => new Error('no router');
    const { clock, events } = await world(router);
    expect(events).toEqual([{ type: 'failed', reason: 'no router' }]);
    await clock.advance(61 * minuteMs);
    // After 0, 1, 3, 7, 15, 31 and 61 minutes.
    expect(router.asked).toHaveLength(7);
    await clock.advance(30 * minuteMs);
    expect(router.asked).toHaveLength(8);
  });

  it('is given up after 10 s when the router says nothing, though nobody heeds the signal', async () => {
    const router = new FakeRouter();
    router.answer = () => undefined;
    const { clock, events } = await world(router);
    await clock.advance(9990);
    expect(events).toEqual([]);
    await clock.advance(20);
    expect(events).toEqual([{ type: 'failed', reason: 'the router did not answer in time' }]);
    expect(router.asked[0]?.signal.aborted).toBe(true);
  });

  it.each(['10.1.2.3', '100.64.0.1', '192.168.1.1', '0.0.0.0', 'fd00::1', 'nonsense'])(
    'is one behind a router that has itself no public address but %s',
    async (externalHost) => {
      const router = new FakeRouter();
      router.answer = () => ({ externalHost });
      const all = await world(router);
      expect(all.events).toEqual([{ type: 'failed', reason: expect.stringContaining(externalHost) as string }]);
      // What it gave is taken back nevertheless.
      expect([await stopped(all, 10), router.removed]).toEqual([true, 1]);
    },
  );

  it('does not throw when the listener does', async () => {
    const router = new FakeRouter();
    const onEvent = (): void => {
      throw new Error('of the listener');
    };
    const { clock } = await world(router, { onEvent });
    await clock.advance(30 * minuteMs);
    expect(router.asked).toHaveLength(2);
  });
});

describe('stopping', () => {
  it('takes the mapping back, once, and asks nothing more', async () => {
    const all = await world(new FakeRouter());
    expect([await stopped(all, 10), all.router.removed, all.mapping.address]).toEqual([true, 1, undefined]);
    await all.mapping.stop();
    await all.clock.advance(24 * 60 * minuteMs);
    expect([all.router.removed, all.router.asked.length, all.events.length]).toEqual([1, 1, 1]);
  });

  it('waits 2 s for a router that says nothing, and no longer', async () => {
    const all = await world(new FakeRouter());
    all.router.removal = () => new Promise(() => undefined);
    expect(await stopped(all, 1990)).toBe(false);
    expect(await all.clock.runUntil(() => false, 20)).toBe(false);
    expect(await stopped(all, 0)).toBe(true);
  });

  it('does not mind a router that refuses', async () => {
    const all = await world(new FakeRouter());
    all.router.removal = () => Promise.reject(new Error('no'));
    expect(await stopped(all, 10)).toBe(true);
  });

  it('takes back what came when it had already begun', async () => {
    const router = new FakeRouter();
    let give: () => void = () => undefined;
    const mapper = {
      map: (request: Parameters<FakeRouter['map']>[0]) =>
        new Promise<Awaited<ReturnType<FakeRouter['map']>>>((resolve) => {
          give = () => {
            resolve(router.map(request));
          };
        }),
    };
    const all = await world(router, { mapper });
    expect(await stopped(all, 100)).toBe(false);
    give();
    expect([await stopped(all, 10), router.removed, all.events]).toEqual([true, 1, []]);
  });
});
