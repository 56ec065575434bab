import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { connect, createNode, DHTNode, SimpleDHTError, type NodeOptions } from '@simpledht/node';

/* Real sockets: what start and stop promise to the process around them. */

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

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.stop()));
});

describe('options', () => {
  it.each([
    [{ port: -1 }, 'port'],
    [{ port: 1.5 }, 'port'],
    [{ port: '5000' }, 'port'],
    [{ host: '' }, 'host'],
    [{ bootstrap: '127.0.0.1:5000' }, 'bootstrap'],
    [{ bootstrap: [''] }, 'bootstrap'],
    [{ maxValueBytes: 0 }, 'maxValueBytes'],
    [{ maxValueBytes: 17 * 1024 * 1024 }, 'maxValueBytes'],
  ])('%j is refused by name', (options, name) => {
    const make = (): DHTNode => new DHTNode(options as NodeOptions);
    expect(make).toThrow(name);
    expect(make).toThrow(SimpleDHTError);
  });
});

describe('start', () => {
  it('says so when the port is in use', async () => {
    const first = await node();
    const error = await failure(createNode({ host: '127.0.0.1', port: first.port }));
    expect(SimpleDHTError.is(error, 'ERR_ADDRESS_IN_USE')).toBe(true);
    expect((error as Error).message).toContain('Address already in use');
  });

  it('does not wait for bootstrap addresses that do not answer', async () => {
    const alone = await node({ bootstrap: ['127.0.0.1:9'] });
    await alone.put('k', 1);
    expect(alone.getSync('k')).toBe(1);
  });

  it('before it nothing can be read or written', async () => {
    const idle = new DHTNode({ port: 0 });
    expect(() => idle.getSync('k')).toThrow('start');
    expect(SimpleDHTError.is(await failure(idle.put('k', 1)), 'ERR_NOT_STARTED')).toBe(true);
    await idle.stop();
    expect(SimpleDHTError.is(await failure(idle.start()), 'ERR_CLOSED')).toBe(true);
  });
});

describe('stop', () => {
  it('can be called twice, ends every pending call, and everything afterwards is refused', async () => {
    const alone = await node({ bootstrap: ['127.0.0.1:9'] });
    const pending = [failure(alone.ready()), failure(alone.bootstrap('127.0.0.1:9'))];
    await Promise.all([alone.stop(), alone.stop()]);
    for (const error of await Promise.all(pending)) expect(SimpleDHTError.is(error, 'ERR_CLOSED')).toBe(true);
    expect(() => alone.getSync('k')).toThrow(SimpleDHTError);
    expect(SimpleDHTError.is(await failure(alone.put('k', 1)), 'ERR_CLOSED')).toBe(true);
  });

  it('frees the port and lets the process exit', () => {
    const program = `
      import { createNode } from '@simpledht/node';
      const a = await createNode({ host: '127.0.0.1', port: 0 });
      const b = await createNode({ host: '127.0.0.1', port: 0, bootstrap: [a.address] });
      await b.ready();
      await a.put('k', 1, { acks: 'all' });
      await Promise.all([a.stop(), b.stop()]);
      console.log('stopped');
    `;
    const flags = ['--conditions=@simpledht/source', '--import', 'tsx', '--input-type=module'];
    const cwd = fileURLToPath(new URL('..', import.meta.url));
    const result = spawnSync(process.execPath, [...flags, '-e', program], { encoding: 'utf8', timeout: 15_000, cwd });
    expect(result.stderr).toBe('');
    expect(result.stdout).toBe('stopped\n');
    expect(result.status).toBe(0);
  });

  it('is what await using does', async () => {
    let address: string;
    {
      await using scoped = await createNode({ host: '127.0.0.1', port: 0 });
      ({ address } = scoped);
    }
    const again = await node({ port: Number(address.split(':')[1]) });
    expect(again.address).toBe(address);
  });
});

describe('bootstrap', () => {
  it('joins, both ways', async () => {
    const [a, b] = [await node(), await node()];
    await b.bootstrap(a.address);
    await expect.poll(() => [a.info().alive, b.info().alive]).toEqual([2, 2]);
    expect(a.peers[0]).toMatchObject({ id: b.id, address: b.address, state: 'alive' });
    expect(b.publicAddress).toBe(b.address);
  });

  it.each(['localhost', '127.0.0.1', '127.0.0.1:', '127.0.0.1:x', '127.0.0.1:70000', ':5000'])(
    '%j is not an address',
    async (name) => {
      const alone = await node();
      const error = await failure(alone.bootstrap(name));
      expect(SimpleDHTError.is(error, 'ERR_INVALID_ADDRESS')).toBe(true);
      expect((error as Error).message).toContain('Expected format: HOST:PORT');
    },
  );

  it('fails by name when it leads to the node itself', async () => {
    const alone = await node();
    const error = await failure(alone.bootstrap(alone.address));
    expect(SimpleDHTError.is(error, 'ERR_BOOTSTRAP_FAILED')).toBe(true);
  });
});

describe('connect', () => {
  it('has the verbs without joining', async () => {
    const [a, b] = [await node(), await node()];
    await b.bootstrap(a.address);
    await using client = await connect({ port: a.port });
    const written = await client.put('k', { n: 1n, when: new Date(5) }, { acks: 'all' });
    expect(written).toMatchObject({ acknowledged: 2, members: 2 });
    expect(b.getSync('k')).toEqual({ n: 1n, when: new Date(5) });
    expect(await client.get('k')).toEqual(b.getSync('k'));
    expect(await client.entry('k')).toMatchObject({ key: 'k', version: written.version, writer: a.id });
    expect(await client.get('missing')).toBeUndefined();
    expect(await client.has('missing')).toBe(false);
    expect(await client.delete('k')).toMatchObject({ existed: true });
    expect(await client.delete('k')).toMatchObject({ existed: false });
    expect((await client.info()).id).toBe(a.id);
    expect((await client.peers())[0]).toMatchObject({ id: b.id, state: 'alive' });
    expect(await client.ping()).toBeGreaterThan(0);
    expect(a.info().members).toBe(2);
  });

  it('lists more than one page, in order', async () => {
    const a = await node();
    for (let i = 0; i < 2500; i++) await a.put(`key ${String(i).padStart(5, '0')}`, i);
    await using client = await connect({ port: a.port });
    const keys: string[] = [];
    for await (const key of client.keys({ prefix: 'key ' })) keys.push(key);
    expect(keys).toEqual([...a.keys()]);
    const some: unknown[] = [];
    for await (const entry of client.entries({ limit: 3 })) some.push(entry);
    expect(some).toEqual([
      ['key 00000', 0],
      ['key 00001', 1],
      ['key 00002', 2],
    ]);
  });

  it('passes errors on with their code', async () => {
    const a = await node({ maxValueBytes: 100 });
    await using client = await connect({ port: a.port });
    const large = await failure(client.put('k', 'x'.repeat(200)));
    expect(SimpleDHTError.is(large, 'ERR_VALUE_TOO_LARGE')).toBe(true);
    const many = await failure(client.put('k', 1, { acks: 3 }));
    expect(SimpleDHTError.is(many, 'ERR_TOO_FEW_MEMBERS')).toBe(true);
    expect(a.size).toBe(0);
  });

  it('says when nobody answers', async () => {
    await using client = await connect({ port: 9, timeout: 300 });
    expect(SimpleDHTError.is(await failure(client.get('k')), 'ERR_TIMEOUT')).toBe(true);
  });

  it('works over IPv6', async () => {
    const a = await node({ host: '::1' });
    const b = await node({ host: '::1', bootstrap: [a.address] });
    await b.ready();
    await using client = await connect({ host: '::1', port: a.port });
    await client.put('k', 1, { acks: 'all' });
    expect(b.getSync('k')).toBe(1);
  });
});
