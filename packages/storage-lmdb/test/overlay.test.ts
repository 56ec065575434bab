import { memoryStore, type Store, type StoreBatch } from '@simpledht/storage';
import { storeCompliance } from '@simpledht/storage/compliance';
import { SimpleDHTError } from '@simpledht/wire';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { withOverlay } from '../src/index.ts';
import { fields, keysOf, origin, otherOrigin, record } from './support/records.ts';
import { SlowEngine } from './support/slow-engine.ts';

/** Its disk answers at once, in a task of its own. */
class PromptEngine extends SlowEngine {
  override commit(changes: Parameters<SlowEngine['commit']>[0]): Promise<void> {
    const done = super.commit(changes);
    setImmediate(() => {
      this.finish();
    });
    return done;
  }
}

const engines = new WeakMap<Store, PromptEngine>();

function openOn(engine: PromptEngine): Store {
  const store = withOverlay(engine);
  engines.set(store, engine);
  return store;
}

storeCompliance(
  { describe, it },
  {
    name: 'overlay over an engine that commits asynchronously',
    open: () => openOn(new PromptEngine()),
    // The engine is the disk: what it has not committed is lost.
    reopenAfterCrash: (store) => openOn(Object.assign(engines.get(store) ?? new PromptEngine(), { room: true })),
  },
);

describe('an overlay', () => {
  it('commits everything applied since the last flush in one transaction, in key order, with the sums', async () => {
    const engine = new SlowEngine();
    const store = withOverlay(engine);
    store.apply({ records: [record('b', 1)], meta: [['m', Uint8Array.of(1)]] });
    store.apply({ records: [record('a', 2), record('b', 3)], removed: ['never there'] });
    const flushed = store.flush();
    engine.finish();
    await flushed;
    expect(engine.commits).toHaveLength(1);
    const [changes] = engine.commits;
    expect(keysOf(changes?.records ?? [])).toEqual(['a', 'b']);
    expect(changes).toMatchObject({ size: 2, bytes: 16, meta: [['m', Uint8Array.of(1)]], removed: ['never there'] });
    expect(store.flush()).toBeUndefined();
  });

  it('runs one commit at a time; what comes meanwhile shares the next one', async () => {
    const engine = new SlowEngine();
    const store = withOverlay(engine);
    store.apply({ records: [record('a', 1)] });
    const first = store.flush();
    expect(store.flush()).toBe(first);
    store.apply({ records: [record('b', 2)] });
    const second = store.flush();
    store.apply({ records: [record('c', 3)] });
    const third = store.flush();
    expect(engine.commits).toHaveLength(1);
    engine.finish();
    await first;
    await vi.waitFor(() => {
      expect(engine.commits).toHaveLength(2);
    });
    engine.finish();
    await Promise.all([second, third]);
    expect(keysOf(engine.commits[1]?.records ?? [])).toEqual(['b', 'c']);
  });

  it('gives what a key holds when a range comes to it', () => {
    const store = withOverlay(new SlowEngine());
    store.apply({ records: ['a', 'b', 'c', 'd'].map((key, index) => record(key, index + 1)) });
    const seen: string[] = [];
    for (const { key, seq } of store.range()) {
      if (key === 'a') store.apply({ records: [record('d', 9)], removed: ['b'] });
      seen.push(`${key} ${String(seq)}`);
    }
    expect(seen).toEqual(['a 1', 'c 3', 'd 9']);
  });

  it('reads large values without holding a chunk of hundreds of them', async () => {
    const engine = new SlowEngine();
    const store = withOverlay(engine);
    const value = new Uint8Array(700_000);
    const keys = Array.from({ length: 40 }, (_, index) => `k${String(index + 10)}`);
    store.apply({ records: keys.map((key, index) => ({ ...record(key, index + 1), value })) });
    const flushed = store.flush();
    engine.finish();
    await flushed;
    for (const { key } of store.range()) {
      expect(key).toBe('k10');
      break;
    }
    expect(engine.given).toBeLessThan(5);
    expect(keysOf(store.range())).toEqual(keys);
  });
});

describe('an overlay whose commit fails', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const full = new SimpleDHTError('ERR_STORE_FULL', 'The disk is full');

  async function failing(): Promise<{ engine: SlowEngine; store: Store }> {
    const engine = new SlowEngine();
    const store = withOverlay(engine, { retryMs: 1_000 });
    store.apply({ records: [record('a', 1), record('gone', 2, null)], meta: [['m', Uint8Array.of(1)]] });
    const flushed = store.flush();
    store.apply({ records: [record('b', 3)], removed: ['gone'] });
    engine.fail(full);
    await expect(flushed).rejects.toBe(full);
    return { engine, store };
  }

  it('loses nothing: what was applied is readable, and only reading goes on', async () => {
    vi.useFakeTimers();
    const { store } = await failing();
    expect(keysOf(store.range())).toEqual(['a', 'b']);
    expect(store.size).toBe(2);
    expect(() => {
      store.apply({ records: [record('c', 4)] });
    }).toThrow(expect.objectContaining({ code: 'ERR_STORE_FULL' }));
    expect(keysOf(store.range())).toEqual(['a', 'b']);
  });

  it('takes metadata, which is bounded, so that a replica that only reads goes on', async () => {
    vi.useFakeTimers();
    const { store } = await failing();
    store.apply({ meta: [['m', Uint8Array.of(2)]] });
    expect(store.meta('m')).toEqual(Uint8Array.of(2));
  });

  it('heals by itself when there is room again, with all that was applied', async () => {
    vi.useFakeTimers();
    const { engine, store } = await failing();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(engine.commits).toHaveLength(2);
    engine.finish();
    await vi.advanceTimersByTimeAsync(0);
    expect(engine.size).toBe(2);
    expect(keysOf([engine.get('a'), engine.get('b')].filter((found) => found !== undefined))).toEqual(['a', 'b']);
    expect(engine.get('gone')).toBeUndefined();
    store.apply({ records: [record('c', 4)] });
    expect(store.size).toBe(3);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(engine.commits).toHaveLength(2);
  });

  it('leaves a disk alone that still has no room, and says so to whoever flushes', async () => {
    vi.useFakeTimers();
    const { engine, store } = await failing();
    engine.room = false;
    await expect(store.flush()).rejects.toBe(full);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(engine.commits).toHaveLength(1);
    engine.room = true;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(engine.commits).toHaveLength(2);
  });

  it('closes nevertheless, and says what it could not keep', async () => {
    const { engine, store } = await failing();
    engine.room = false;
    await expect(store.close()).rejects.toBe(full);
    expect(engine.closed).toBe(1);
  });

  it('names a failure of another kind ERR_STORE, with its cause', async () => {
    const engine = new SlowEngine();
    const store = withOverlay(engine);
    store.apply({ records: [record('a', 1)] });
    const flushed = store.flush();
    const cause = new Error('a broken cable');
    engine.fail(cause);
    await expect(flushed).rejects.toMatchObject({ code: 'ERR_STORE', cause });
  });
});

type Step = { readonly batch: StoreBatch } | { readonly disk: 'flush' | 'finish' | 'fail' };

const keys = fc.constantFrom('a', 'ab', 'b', 'user:1', 'user:2', 'z\u{1f600}', '\ufffd');
let nextSequence = 0;
const records = fc
  .record({
    key: keys,
    text: fc.option(fc.string({ maxLength: 5 }), { nil: null }),
    isOther: fc.boolean(),
    expiresAt: fc.constantFrom(0, 0, 5, 9, 12),
  })
  .map(({ key, text, isOther, expiresAt }) => ({ key, text, isOther, expiresAt }));
const batches = fc.record({
  records: fc.uniqueArray(records, { maxLength: 4, selector: ({ key }) => key }),
  removed: fc.uniqueArray(keys, { maxLength: 2 }),
});
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: batches.map((batch) => ({ batch })) },
    { weight: 2, arbitrary: fc.constantFrom('flush', 'finish', 'finish', 'fail').map((disk) => ({ disk }) as const) },
  ),
  { maxLength: 40 },
);

describe('an overlay at any moment', () => {
  /** Everything that can be read. */
  const contentOf = (store: Store): unknown => [
    Array.from(store.range(), fields),
    Array.from(store.range({ reverse: true, prefix: 'user:' }), fields),
    store.since(origin, 2, 3).map(fields),
    store.since(otherOrigin, 0, 100).map(fields),
    store.expiring(9, 2).map(({ expiresAt }) => expiresAt),
    store.tombstones(Number.MAX_SAFE_INTEGER, 2).map(fields),
    store.size,
    store.bytes,
  ];

  it('reads like a memory store, whatever the disk does', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (given) => {
        nextSequence = 0;
        const engine = new SlowEngine();
        const [store, model] = [withOverlay(engine), memoryStore()];
        for (const step of given as readonly (Step | { readonly batch: GivenBatch })[]) {
          if ('batch' in step) applyBoth(store, model, step.batch as GivenBatch);
          else await act(engine, store, step.disk);
          expect(contentOf(store)).toEqual(contentOf(model));
        }
        engine.finish();
      }),
      { numRuns: 300 },
    );
  });

  interface GivenBatch {
    readonly records: readonly { key: string; text: string | null; isOther: boolean; expiresAt: number }[];
    readonly removed: readonly string[];
  }

  function applyBoth(store: Store, model: Store, batch: GivenBatch): void {
    const made = batch.records.map(({ key, text, isOther, expiresAt }) => {
      const plain = record(key, ++nextSequence, text);
      return { ...plain, origin: isOther ? otherOrigin : origin, expiresAt: text === null ? 0 : expiresAt };
    });
    const given = { records: made, removed: batch.removed };
    try {
      store.apply(given);
    } catch (error) {
      expect(SimpleDHTError.is(error, 'ERR_STORE')).toBe(true);
      return;
    }
    model.apply(given);
  }

  async function act(engine: SlowEngine, store: Store, disk: 'flush' | 'finish' | 'fail'): Promise<void> {
    if (disk === 'flush') store.flush()?.catch(() => undefined);
    else if (disk === 'finish') engine.finish();
    else engine.fail(new Error('no'));
    await new Promise(setImmediate);
  }
});
