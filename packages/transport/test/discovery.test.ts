import { describe, expect, it } from 'vitest';
import { discoverySuite, type SuiteRunner } from '../src/compliance/index.ts';
import {
  clusterTagOf,
  discoveryTags,
  MemoryLan,
  newSecret,
  VirtualClock,
  type Announcement,
  type Discovery,
  type DiscoveryHandlers,
  type Found,
} from '../src/index.ts';

const address = (index: number): string => `10.0.0.${String(index + 1)}:5000`;

describe('in memory', () => {
  const lan = new MemoryLan({ intervalMs: 5 });
  discoverySuite({ describe, it }, { create: () => lan.discovery(), address });
});

/** Names of the tests of the suite that a discovery fails. */
async function failures(change: (good: Discovery) => Partial<Discovery>): Promise<string[]> {
  const lan = new MemoryLan({ intervalMs: 5 });
  const tests: [string, () => Promise<void>][] = [];
  const runner: SuiteRunner = {
    describe: (_name, body) => {
      body();
    },
    it: (name, body) => tests.push([name, body]),
  };
  const create = (): Discovery => {
    const good = lan.discovery();
    const { start, stop, counters } = {
      start: (announcement: Announcement, handlers: DiscoveryHandlers) => {
        good.start(announcement, handlers);
      },
      stop: () => good.stop(),
      counters: undefined,
      ...change(good),
    };
    return {
      start,
      stop,
      get counters() {
        return counters ?? good.counters;
      },
    };
  };
  discoverySuite(runner, { create, address, boundMs: 150 });
  const outcomes = await Promise.all(
    tests.map(([name, body]) =>
      body().then(
        () => [],
        () => [name],
      ),
    ),
  );
  return outcomes.flat();
}

/** `start` with another announcement, or other handlers. */
function starting(
  change: (announcement: Announcement, handlers: DiscoveryHandlers) => [Announcement, DiscoveryHandlers],
): (good: Discovery) => Partial<Discovery> {
  return (good) => ({
    start: (announcement, handlers) => {
      good.start(...change(announcement, handlers));
    },
  });
}

function hearing(
  change: (found: Found, tell: (found: Found) => void, own: Announcement) => void,
): (good: Discovery) => Partial<Discovery> {
  return starting((own, handlers) => [
    own,
    {
      ...handlers,
      onFound: (found) => {
        change(
          found,
          (told) => {
            handlers.onFound(told);
          },
          own,
        );
      },
    },
  ]);
}

describe('the suite rejects a discovery that', () => {
  it.each<[string, (good: Discovery) => Partial<Discovery>, string]>([
    ['finds nobody', () => ({ start: () => undefined }), 'two with a tag in common'],
    [
      'tells of itself',
      hearing((found, tell, { id, address: own }) => {
        tell({ id, address: own });
        tell(found);
      }),
      'never themselves',
    ],
    [
      'takes in everybody',
      starting((own, handlers) => [{ ...own, tags: ['the same'] }, handlers]),
      'other clusters are not told',
    ],
    [
      'looks at the first tag alone',
      starting((own, handlers) => [{ ...own, tags: own.tags.slice(0, 1) }, handlers]),
      'of several tags one in common is enough',
    ],
    [
      'tells another address',
      hearing((found, tell) => {
        tell({ ...found, address: '10.9.9.9:1' });
      }),
      'two with a tag in common',
    ],
    [
      'tells each one once',
      (good) => {
        const told = new Set<string>();
        return hearing((found, tell) => {
          if (!told.has(found.id)) tell(found);
          told.add(found.id);
        })(good);
      },
      'who is there is told again',
    ],
    ['does not stop', () => ({ stop: () => Promise.resolve() }), 'nobody is told after stop'],
    ['stops for ever', () => ({ stop: () => new Promise<void>(() => undefined) }), 'stop without start settles'],
    [
      'rejects at a second stop',
      (good) => {
        let stopped = false;
        return {
          stop: () => {
            if (stopped) return Promise.reject(new Error('stopped before'));
            stopped = true;
            return good.stop();
          },
        };
      },
      'stop may be called again',
    ],
    [
      'reads addresses and throws',
      starting((own, handlers) => {
        if (own.address === 'not an address') throw new Error('not an address');
        return [own, handlers];
      }),
      'is no reason to throw',
    ],
    [
      'tells within start',
      (good) => ({
        start: (own, handlers) => {
          handlers.onFound({ id: 'somebody', address: '10.0.0.9:5000' });
          good.start(own, handlers);
        },
      }),
      'no handler is called within start',
    ],
    ['counts nothing', () => ({ counters: { found: 0 } }), 'something is counted'],
  ])('%s', async (_name, change, test) => {
    expect((await failures(change)).some((name) => name.includes(test))).toBe(true);
  });
});

describe('a LAN in memory', () => {
  it('runs in virtual time, tells nothing within a call, and counts other clusters', async () => {
    const clock = new VirtualClock();
    const lan = new MemoryLan({ clock, intervalMs: 1000 });
    const found: string[] = [];
    const start = (id: string, tag: string): Discovery => {
      const discovery = lan.discovery();
      const onFound = (one: Found): void => {
        found.push(`${id} ${one.id} ${String(clock.monotonic())}`);
      };
      discovery.start(
        { id, address: '0.0.0.0:1', localAddresses: [`${id}:1`], tags: [tag] },
        { onFound, onError: () => undefined },
      );
      return discovery;
    };
    const [a, b, c] = [start('a', 'x'), start('b', 'x'), start('c', 'y')];
    expect(found).toEqual([]);
    await clock.advance(1000);
    expect(found.sort()).toEqual(['a b 0', 'a b 1000', 'b a 0', 'b a 1000']);
    expect(c.counters).toMatchObject({ found: 0, otherClusters: 4 });
    await Promise.all([a, b, c].map((one) => one.stop()));
    await clock.advance(10_000);
    expect(found).toHaveLength(4);
  });

  it('a handler that throws is counted', async () => {
    const clock = new VirtualClock();
    const lan = new MemoryLan({ clock });
    const [a, b] = [lan.discovery(), lan.discovery()];
    const onFound = (): never => {
      throw new Error('a handler threw');
    };
    for (const [id, one] of [['a', a] as const, ['b', b] as const])
      one.start({ id, address: `${id}:1`, localAddresses: [], tags: ['x'] }, { onFound, onError: () => undefined });
    await clock.advance(1);
    expect(a.counters).toMatchObject({ found: 1, handlerErrors: 1 });
    await Promise.all([a.stop(), b.stop()]);
  });
});

describe('tags', () => {
  const [one, two] = [newSecret(), newSecret()];

  it('differ by name and by secret, and are the same everywhere', () => {
    const of = (name: string, secret?: string): string => discoveryTags({ name, secret })[0] ?? '';
    const all = [of(''), of('a'), of('b'), of('', one), of('a', one), of('a', two)];
    expect(new Set(all).size).toBe(all.length);
    for (const tag of all) expect(tag).toMatch(/^[0-9a-f]{16}$/);
    expect(of('a', one)).toBe(of('a', one));
    expect(of('')).toBe('5128e943a9ab9f0a');
    expect(of('office', 'sdht1_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9jDc0p')).toBe('0648564139ea976f');
  });

  it('one for each secret, whatever their order, so that secrets can be replaced', () => {
    expect([...discoveryTags({ name: 'a', secret: [one, two] })].sort()).toEqual(
      [...discoveryTags({ name: 'a', secret: one }), ...discoveryTags({ name: 'a', secret: two })].sort(),
    );
  });

  it('of a transport: 32 bits, 0 for no name, and another for each name', () => {
    expect(clusterTagOf('')).toBe(0);
    expect(clusterTagOf('a')).not.toBe(clusterTagOf('b'));
    expect(clusterTagOf('a')).toBe(867_369_600);
  });

  it('of one name in two spellings are the same', () => {
    expect(clusterTagOf('Ko\u0308ln')).toBe(clusterTagOf('K\u00f6ln'));
    expect(discoveryTags({ name: 'Ko\u0308ln' })).toEqual(discoveryTags({ name: 'K\u00f6ln' }));
  });

  it.each<[string, unknown]>([
    ['a number', 7],
    ['half a character', '\ud800'],
    ['too long', '\u00f6'.repeat(128)],
  ])('a name that is none is refused: %s', (_what, name) => {
    expect(() => clusterTagOf(name as string)).toThrow('Option cluster must be text of at most 255 bytes');
  });
});
