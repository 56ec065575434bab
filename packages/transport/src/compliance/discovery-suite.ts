import assert from 'node:assert/strict';
import type { Address } from '@simpledht/wire';
import type { Announcement, Discovery, DiscoveryHandlers, Found } from '../discovery.ts';
import { systemRandom } from '../system-random.ts';
import type { SuiteRunner } from './suite.ts';
import { defaultBoundMs, eventually, within } from './suite.ts';

export interface DiscoverySuiteOptions {
  /** A new discovery, not started, that finds the others that this makes for the same test. */
  readonly create: () => Discovery;
  /** An address that a node with that index could have, and that leads others to it as it is written. */
  readonly address: (index: number) => Address;
  /** How long to wait for what must happen, ms. Default 5,000. */
  readonly boundMs?: number;
}

interface Started {
  readonly discovery: Discovery;
  readonly id: string;
  readonly address: Address;
  readonly found: Found[];
  /** It was told of that one, so many times. */
  readonly knows: (other: Started) => number;
}

type Start = (tags: readonly string[], handlers?: Partial<DiscoveryHandlers>) => Started;

/** Everything that the Discovery port promises. Run it with your test runner: `discoverySuite({ describe, it }, …)`. */
export function discoverySuite(runner: SuiteRunner, options: DiscoverySuiteOptions): void {
  const boundMs = options.boundMs ?? defaultBoundMs;
  const test = (name: string, body: (start: Start, tag: (index?: number) => string) => Promise<void>): void => {
    runner.it(name, async () => {
      const started: Discovery[] = [];
      // Tags that no other test of this or another run has: who meets is of one test.
      const group = Buffer.from(systemRandom.bytes(6)).toString('hex');
      const start: Start = (tags, handlers) => {
        const discovery = options.create();
        const index = started.push(discovery) - 1;
        return startOne(discovery, { group, index, address: options.address(index) }, { tags, handlers });
      };
      const tag = (index = 0): string => (group + index.toString(16)).padStart(16, '0');
      try {
        await body(start, tag);
      } finally {
        await within('stop of all', boundMs, Promise.all(started.map((one) => one.stop())));
      }
    });
  };
  const meet = (one: Started, other: Started): Promise<void> =>
    eventually(
      `${one.address} and ${other.address} find each other`,
      boundMs,
      () => one.knows(other) > 0 && other.knows(one) > 0,
    );

  runner.describe('Discovery', () => {
    test('two with a tag in common find each other, with id and address, and never themselves', async (start, tag) => {
      const [a, b] = [start([tag()]), start([tag()])];
      await meet(a, b);
      for (const [one, other] of [
        [a, b],
        [b, a],
      ] as const)
        assert.ok(
          one.found.every(({ id, address }) => id === other.id && address === other.address),
          `told of ${JSON.stringify(one.found)} instead of ${other.id} at ${other.address}`,
        );
    });

    test('who comes later finds those who are there, and is found', async (start, tag) => {
      const [a, b] = [start([tag()]), start([tag()])];
      await meet(a, b);
      const late = start([tag()]);
      await meet(a, late);
      await meet(b, late);
    });

    test('other clusters are not told', async (start, tag) => {
      const [a, stranger, b] = [start([tag(1)]), start([tag(2)]), start([tag(1)])];
      await meet(a, b);
      const other = start([tag(2)]);
      await meet(stranger, other);
      for (const one of [a, b]) assert.equal(one.knows(stranger) + one.knows(other), 0);
      for (const one of [stranger, other]) assert.equal(one.knows(a) + one.knows(b), 0);
    });

    test('of several tags one in common is enough', async (start, tag) => {
      const [old, both, fresh] = [start([tag(1)]), start([tag(2), tag(1)]), start([tag(2)])];
      await meet(old, both);
      await meet(fresh, both);
      assert.equal(old.knows(fresh) + fresh.knows(old), 0);
    });

    test('who is there is told again', async (start, tag) => {
      const [a, b] = [start([tag()]), start([tag()])];
      await eventually('both are told three times', boundMs, () => a.knows(b) >= 3 && b.knows(a) >= 3);
    });

    test('a handler that throws harms nobody', async (start, tag) => {
      const fail = (): never => {
        throw new Error('a handler threw');
      };
      const [failing, b] = [start([tag()], { onFound: fail }), start([tag()])];
      await eventually('the failing one is told', boundMs, () => failing.knows(b) > 1 && b.knows(failing) > 1);
    });

    test('nobody is told after stop, who stopped is not found, and stop may be called again', async (start, tag) => {
      const [a, b] = [start([tag()]), start([tag()])];
      await meet(a, b);
      await within('stop', boundMs, a.discovery.stop());
      await within('a second stop', boundMs, a.discovery.stop());
      const heard = a.found.length;
      const [c, d] = [start([tag()]), start([tag()])];
      await meet(b, c);
      await eventually('the newcomers are told again', boundMs, () => c.knows(d) > 2 && d.knows(c) > 2);
      assert.equal(a.found.length, heard, 'it was told after stop');
      assert.equal(c.knows(a) + d.knows(a), 0, 'one that had stopped was found');
    });

    test('no handler is called within start', async (start, tag) => {
      const a = start([tag()]);
      let isStarting = true;
      const b = start([tag()], {
        onFound: () => {
          assert.ok(!isStarting);
        },
      });
      assert.equal(b.found.length, 0, 'told within start');
      isStarting = false;
      await meet(a, b);
    });

    test('stop without start settles, and nothing starts after it', async (_start, tag) => {
      const discovery = options.create();
      await within('stop', boundMs, discovery.stop());
      const late = startOne(
        discovery,
        { group: tag(), index: 0, address: options.address(0) },
        { tags: [tag()], handlers: undefined },
      );
      assert.equal(late.found.length, 0);
      await within('a second stop', boundMs, discovery.stop());
    });

    test('an address that it does not understand is no reason to throw', async (start, tag) => {
      const discovery = options.create();
      startOne(
        discovery,
        { group: tag(), index: 9, address: 'not an address' },
        { tags: [tag()], handlers: undefined },
      );
      const [a, b] = [start([tag()]), start([tag()])];
      await meet(a, b);
      await within('stop', boundMs, discovery.stop());
    });

    test('counters are numbers with names that stay, and something is counted', async (start, tag) => {
      const a = start([tag()]);
      const before = { ...a.discovery.counters };
      assert.ok(Object.keys(before).length > 0);
      await meet(a, start([tag()]));
      const after = a.discovery.counters;
      for (const [name, count] of Object.entries(before))
        assert.ok((after[name] ?? -1) >= count, `${name} went from ${String(count)} to ${String(after[name])}`);
      assert.ok(Object.entries(after).some(([name, count]) => count > (before[name] ?? 0)));
    });
  });
}

function startOne(
  discovery: Discovery,
  { group, index, address }: { readonly group: string; readonly index: number; readonly address: Address },
  { tags, handlers }: Pick<Announcement, 'tags'> & { readonly handlers: Partial<DiscoveryHandlers> | undefined },
): Started {
  const id = (group + index.toString(16)).padStart(32, '0');
  const found: Found[] = [];
  discovery.start(
    { id, address, localAddresses: [address], tags },
    {
      onFound: (one) => {
        found.push(one);
        handlers?.onFound?.(one);
      },
      onError: (error) => handlers?.onError?.(error),
    },
  );
  return {
    discovery,
    id,
    address,
    found,
    knows: (other) => found.filter((one) => one.id === other.id).length,
  };
}
