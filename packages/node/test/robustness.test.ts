import { afterEach, describe, expect, it } from 'vitest';
import {
  connect,
  createNode,
  DHTNode,
  memoryStore,
  SimpleDHTError,
  udpTransport,
  type NodeOptions,
  type Store,
  type Transport,
} from '@simpledht/node';

/* What must not happen, whatever users, disks and peers do: a process that ends, a call that never settles, a lost write. */

const open: { stop(): Promise<void> }[] = [];

async function node(options: NodeOptions = {}): Promise<DHTNode> {
  const made = await createNode({ host: '127.0.0.1', port: 0, ...options });
  open.push(made);
  return made;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Its methods replaced by those of `changed`. */
function patched<T extends object>(target: T, changed: Partial<T>): T {
  return new Proxy(target, {
    get: (_, name) => {
      const value: unknown = Reflect.get(name in changed ? changed : target, name);
      return typeof value === 'function' ? (value.bind(name in changed ? changed : target) as unknown) : value;
    },
  });
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.stop()));
});

describe('a stopping node', () => {
  it('lets its peers take what was written here', async () => {
    const [first, second] = [await node(), await node()];
    await second.bootstrap(first.address);
    await second.ready();
    for (let i = 0; i < 20; i++) await second.put(`key ${String(i)}`, 'x'.repeat(1_000_000));
    await second.stop();
    expect(first.size).toBe(20);
  });

  it('settles a bootstrap whose name is still being looked up', async () => {
    let found: (addresses: readonly string[]) => void = () => undefined;
    const transport: Transport = patched(udpTransport({ host: '127.0.0.1', port: 0 }), {
      resolve: () => new Promise((resolve) => (found = resolve)),
    });
    const alone = await node({ transport });
    const outcome = failure(alone.bootstrap('somewhere:5000'));
    const stopped = alone.stop();
    found(['127.0.0.1:9']);
    await stopped;
    expect(SimpleDHTError.is(await outcome, 'ERR_CLOSED')).toBe(true);
  });
});

describe('joining', () => {
  it('with bootstrap() and ready() a node has what the cluster holds', async () => {
    const [first, second] = [await node(), await node()];
    for (let i = 0; i < 5000; i++) await first.put(`key ${String(i)}`, i);
    await second.bootstrap(first.address);
    await second.ready();
    expect(second.size).toBe(5000);
    expect(second.getSync('key 1')).toBe(1);
  });

  it('a name that does not resolve is tried again, three times before the call gives up', async () => {
    let lookups = 0;
    const transport: Transport = patched(udpTransport({ host: '127.0.0.1', port: 0 }), {
      resolve: () => {
        lookups++;
        const cause = new Error('ENOTFOUND');
        return Promise.reject(new SimpleDHTError('ERR_INVALID_ADDRESS', 'Cannot resolve seed:5000', { cause }));
      },
    });
    const alone = await node({ transport });
    expect(SimpleDHTError.is(await failure(alone.bootstrap('seed:5000')), 'ERR_BOOTSTRAP_FAILED')).toBe(true);
    // One look at the text, then the attempts.
    expect(lookups).toBe(4);
  });

  it('what was read once is kept while the first sync goes on', async () => {
    const first = await node();
    await first.put('k', 'v');
    const late = await node({ bootstrap: [first.address] });
    await expect.poll(() => late.info().alive).toBe(2);
    expect(await late.get('k')).toBe('v');
    expect(late.getSync('k')).toBe('v');
  });
});

describe('a store that throws', () => {
  const broken = (): Error => new Error('no space left');

  it('when it takes a write: the put is rejected by name and nothing changed', async () => {
    const memory = memoryStore();
    let isFull = false;
    const store: Store = patched(memory, {
      apply: (batch) => {
        if (isFull) throw broken();
        memory.apply(batch);
      },
    });
    const alone = await node({ store });
    const errors: Error[] = [];
    alone.on('error', (error) => errors.push(error));
    isFull = true;
    const error = await failure(alone.put('k', 1));
    expect(SimpleDHTError.is(error, 'ERR_STORE')).toBe(true);
    expect((error as Error).cause).toEqual(broken());
    expect(alone.has('k')).toBe(false);
    isFull = false;
    await alone.put('k', 2);
    expect(alone.getSync('k')).toBe(2);
  });

  it('when it flushes: the put is rejected, the error reported, and stop still ends everything', async () => {
    const store: Store = patched(memoryStore(), {
      durable: true,
      flush: () => {
        throw broken();
      },
    });
    const alone = await node({ store });
    const errors: unknown[] = [];
    alone.on('error', (error) => errors.push(error));
    expect(SimpleDHTError.is(await failure(alone.put('k', 1)), 'ERR_STORE')).toBe(true);
    expect(SimpleDHTError.is(errors[0], 'ERR_STORE')).toBe(true);
    await alone.stop();
  });

  it('when a peer sends records: both live, the error is reported, and they converge when it takes them again', async () => {
    const memory = memoryStore();
    let isFull = false;
    const store: Store = patched(memory, {
      apply: (batch) => {
        if (isFull && (batch.records?.length ?? 0) > 0) throw broken();
        memory.apply(batch);
      },
    });
    const first = await node();
    const second = await node({ store, bootstrap: [first.address] });
    await second.ready();
    const errors: Error[] = [];
    second.on('error', (error) => errors.push(error));
    isFull = true;
    await first.put('k', 1);
    await expect.poll(() => errors.length).toBeGreaterThan(0);
    expect(errors[0]).toMatchObject({ code: 'ERR_STORE', cause: broken() });
    expect(second.has('k')).toBe(false);
    isFull = false;
    await first.put('other', 2);
    await expect.poll(() => second.getSync('k'), { timeout: 15_000 }).toBe(1);
    expect(second.getSync('other')).toBe(2);
  });

  it('is closed when the node cannot start', async () => {
    const first = await node();
    let closes = 0;
    const close = (): Promise<void> => {
      closes++;
      return Promise.resolve();
    };
    const second = new DHTNode({ host: '127.0.0.1', port: first.port, store: patched(memoryStore(), { close }) });
    expect(SimpleDHTError.is(await failure(second.start()), 'ERR_ADDRESS_IN_USE')).toBe(true);
    expect(closes).toBe(1);
  });
});

describe('listeners', () => {
  it('that throw or reject are reported, and the others hear all the same', async () => {
    const alone = await node();
    const [errors, heard]: [Error[], string[]] = [[], []];
    alone.on('error', (error) => errors.push(error));
    alone.on('change', () => {
      throw new Error('thrown');
    });
    // Users do it, and must not lose their process.
    const rejecting = (): unknown => Promise.reject(new Error('rejected'));
    alone.on('change', rejecting);
    alone.on('change', ({ key }) => heard.push(key));
    await alone.put('k', 1);
    await expect.poll(() => errors.map(({ message }) => message)).toEqual(['thrown', 'rejected']);
    expect(heard).toEqual(['k']);
  });
});

describe('lists', () => {
  it('of large values come in pages that fit, and do not harm the node', async () => {
    const alone = await node({ maxValueBytes: 16 * 1024 * 1024 });
    const sizes = [200 * 1024, 16 * 1024 * 1024 - 100, 10, 300 * 1024, 10];
    for (const [index, size] of sizes.entries()) await alone.put(`key ${String(index)}`, new Uint8Array(size));
    await using client = await connect({ port: alone.port });
    const listed: number[] = [];
    for await (const [, value] of client.entries()) listed.push((value as Uint8Array).length);
    expect(listed).toEqual(sizes);
  });
});

describe('waits', () => {
  it('take any time-out that makes sense, and name one that does not', async () => {
    const alone = await node();
    const late = await node({ bootstrap: ['127.0.0.1:9'] });
    const waiting = failure(late.ready({ timeout: Infinity }));
    for (const timeout of [Number.NaN, -1])
      expect(SimpleDHTError.is(await failure(alone.put('k', 1, { timeout })), 'ERR_INVALID_OPTION')).toBe(true);
    expect(alone.has('k')).toBe(false);
    await alone.put('k', 1, { timeout: Infinity });
    await late.stop();
    expect(SimpleDHTError.is(await waiting, 'ERR_CLOSED')).toBe(true);
  });

  it('of a client are checked before anything is sent', async () => {
    await using client = await connect({ port: 9 });
    const acks = 'most' as 'all';
    expect(SimpleDHTError.is(await failure(client.put('k', 1, { acks })), 'ERR_INVALID_OPTION')).toBe(true);
    expect(SimpleDHTError.is(await failure(client.get('k' + '\ud800')), 'ERR_INVALID_KEY')).toBe(true);
    expect(SimpleDHTError.is(await failure(client.keys({ limit: -1 }).next()), 'ERR_INVALID_OPTION')).toBe(true);
    expect(SimpleDHTError.is(await failure(connect({ timeout: -1 })), 'ERR_INVALID_OPTION')).toBe(true);
  });

  it('end with their signal while a store flushes', async () => {
    let flushed: () => void = () => undefined;
    const flush = (): Promise<void> => new Promise((resolve) => (flushed = resolve));
    const alone = await node({ store: patched(memoryStore(), { durable: true, flush }) });
    const controller = new AbortController();
    const put = failure(alone.put('k', 1, { signal: controller.signal }));
    controller.abort(new Error('enough'));
    expect(await put).toEqual(new Error('enough'));
    const stopped = alone.stop();
    const release = setInterval(() => {
      flushed();
    }, 1);
    await stopped;
    clearInterval(release);
  });
});
