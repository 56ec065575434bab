import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNode, type DHTNode } from '@simpledht/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parsed, simpledht, type Outcome } from './support/in-process.ts';

const host = '127.0.0.1';
let node: DHTNode;

beforeAll(async () => {
  node = await createNode({ host, port: 0 });
  await node.ready();
});

afterAll(async () => {
  await node.stop();
});

function call(verb: string, ...rest: readonly string[]): Promise<Outcome> {
  return simpledht(verb, '--port', String(node.port), ...rest);
}

describe('put and get', () => {
  test('the sentences of the original', async () => {
    const stored = await call('put', 'mykey', 'my value');
    expect(stored.stdout).toBe('Successfully stored mykey=my value\nThis node is the only one in the network so far\n');
    expect(stored.exitCode).toBe(0);
    const found = await call('get', 'mykey');
    expect(found).toEqual({ exitCode: 0, stdout: 'Value for mykey: my value\n', stderr: '' });
    const missing = await call('get', 'nothing');
    expect(missing).toEqual({ exitCode: 3, stdout: 'No value found for key: nothing\n', stderr: '' });
  });

  test('as JSON', async () => {
    const stored = await call('put', 'k', 'v', '--json');
    expect(parsed(stored)).toEqual({
      key: 'k',
      stored: true,
      version: expect.any(String) as unknown,
      acknowledged: 1,
      members: 1,
      replicated: true,
    });
    const found = await call('get', 'k', '--json');
    expect(parsed(found)).toMatchObject({ key: 'k', found: true, value: 'v', writer: node.id, expiresAt: null });
    const missing = await call('get', 'nothing', '--json');
    expect(parsed(missing)).toEqual({ key: 'nothing', found: false });
    expect(missing.exitCode).toBe(3);
  });

  test.each(['🔑', 'line\nbreak', ' ', '-5', 'ключ', '__proto__'])('key %j', async (key) => {
    await call('put', '--', key, `value of ${key}`);
    expect(node.getSync(key)).toBe(`value of ${key}`);
    const found = await call('get', '--json', '--', key);
    expect(parsed(found)).toMatchObject({ key, value: `value of ${key}` });
  });

  test('with a ttl', async () => {
    const beforeMs = Date.now();
    expect((await call('put', 'short', 'v', '--ttl', '10m')).exitCode).toBe(0);
    const found = await call('get', 'short', '--json');
    const { expiresAt } = parsed(found) as { readonly expiresAt: number };
    expect(expiresAt - beforeMs).toBeGreaterThanOrEqual(600_000);
    expect(expiresAt - Date.now()).toBeLessThanOrEqual(600_000);
    expect((await call('put', 'short', 'v', '--ttl', '10')).exitCode).toBe(2);
  });

  test('values with new lines, and the empty value, are values', async () => {
    await call('put', 'lines', 'one\ntwo\n');
    expect((await call('get', 'lines')).stdout).toBe('Value for lines: one\ntwo\n\n');
    expect((await call('get', 'lines', '--raw')).stdout).toBe('one\ntwo\n');
    await call('put', 'empty', '');
    expect(await call('get', 'empty')).toMatchObject({ exitCode: 0, stdout: 'Value for empty: \n' });
  });

  test('every type survives --json both ways', async () => {
    const value = {
      zero: 0,
      no: false,
      nil: null,
      list: [1, 'two', { three: 3.5 }],
      big: 2n ** 62n,
      bytes: new Uint8Array([0, 255]),
      when: new Date('2024-02-29T12:00:00.000Z'),
      $odd: NaN,
    };
    await node.put('types', value);
    const { value: json } = parsed(await call('get', 'types', '--json')) as { readonly value: unknown };
    const stored = await call('put', 'copy', JSON.stringify(json), '--json-value');
    expect(stored.exitCode).toBe(0);
    expect(node.getSync('copy')).toEqual(node.getSync('types'));
    expect(node.getSync('copy')).toEqual(value);
  });

  test('an empty key, and one over 1 KiB, are refused', async () => {
    for (const key of ['', 'k'.repeat(1025)]) {
      const { exitCode, stderr } = await call('put', key, 'v');
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/^Error: /);
    }
  });

  test('what cannot be confirmed by enough nodes is not stored', async () => {
    const { exitCode, stderr } = await call('put', 'many', 'v', '--acks', '3');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('more members than the 1 that are known');
    expect(node.has('many')).toBe(false);
  });
});

describe('files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'simpledht-cli-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  test('a file is stored as bytes and comes back byte for byte', async () => {
    const bytes = Buffer.from([0, 1, 254, 255, 10]);
    const file = join(folder, 'photo');
    await writeFile(file, bytes);
    const stored = await call('put', 'photo', '--file', file);
    expect(stored.stdout).toContain(`Successfully stored photo=the content of ${file} (5 bytes)`);
    expect(node.getSync('photo')).toEqual(new Uint8Array(bytes));
    const shown = await call('get', 'photo');
    expect(shown.stdout).toBe('Value for photo: AAH+/wo= (5 bytes, base64)\n');
    expect(shown.stderr).toContain('--raw');
  });

  test('--text stores a file as a string, and refuses what is not text', async () => {
    const file = join(folder, 'text');
    await writeFile(file, 'héllo\n');
    await call('put', 'text', '--file', file, '--text');
    expect(node.getSync('text')).toBe('héllo\n');
    await writeFile(file, Buffer.from([0xff]));
    const refused = await call('put', 'text', '--file', file, '--text');
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('not UTF-8');
  });

  test('a value of 1 MiB', async () => {
    const file = join(folder, 'large');
    const bytes = new Uint8Array(1024 * 1024 - 16).fill(7);
    await writeFile(file, bytes);
    expect((await call('put', 'large', '--file', file)).exitCode).toBe(0);
    expect((await call('get', 'large', '--raw')).stdout.length).toBe(bytes.length);
    await writeFile(file, new Uint8Array(1024 * 1024 + 1));
    const refused = await call('put', 'larger', '--file', file);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('stores at most');
  });
});

describe('delete', () => {
  test('a key, and one that is not there', async () => {
    await node.put('gone', 1);
    expect(await call('delete', 'gone')).toEqual({ exitCode: 0, stdout: 'Successfully deleted gone\n', stderr: '' });
    expect(node.has('gone')).toBe(false);
    expect(await call('delete', 'gone')).toMatchObject({ exitCode: 3, stdout: 'No value found for key: gone\n' });
    expect(parsed(await call('delete', 'gone', '--json'))).toMatchObject({ key: 'gone', deleted: false });
  });
});

describe('list', () => {
  test('keys and values in order, one line each', async () => {
    await node.put('list:b', { x: 1 });
    await node.put('list:a', 'one\ntwo');
    expect((await call('list', 'list:')).stdout).toBe('list:a\tone\\ntwo\nlist:b\t{"x":1}\n');
    expect((await call('list', 'list:', '--keys')).stdout).toBe('list:a\nlist:b\n');
    expect((await call('list', 'list:', '--limit', '1')).stdout).toBe('list:a\tone\\ntwo\n');
    expect((await call('list', 'list:', '--json')).stdout).toBe(
      '{"key":"list:a","value":"one\\ntwo"}\n{"key":"list:b","value":{"x":1}}\n',
    );
    expect(await call('list', 'no such prefix')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  test('more keys than one page holds', async () => {
    await Promise.all(
      Array.from({ length: 2500 }, (_, index) => node.put(`page:${String(index).padStart(4, '0')}`, index)),
    );
    const lines = (await call('list', 'page:', '--json')).stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2500);
    expect(lines.map((line) => (JSON.parse(line) as { value: number }).value)).toEqual([...lines.keys()]);
  });
});

describe('facts', () => {
  test('info', async () => {
    const { stdout } = await call('info');
    expect(stdout).toContain(node.id);
    expect(stdout).toMatch(/Listens on +127\.0\.0\.1:\d+\n/);
    expect(stdout).not.toContain('0.0.0.0');
    expect(parsed(await call('info', '--json'))).toMatchObject({ id: node.id, address: node.address, ready: true });
  });

  test('peers of a node that is alone', async () => {
    expect((await call('peers')).stdout).toBe('No other nodes are known\n');
    expect(parsed(await call('peers', '--json'))).toEqual({ peers: [] });
  });

  test('ping', async () => {
    const { stdout } = await call('ping', '--count', '2');
    expect(stdout).toMatch(/^(Reply from 127\.0\.0\.1:\d+ in [\d.]+ ms\n){2}$/);
    const { timesMs } = parsed(await call('ping', '--json')) as { readonly timesMs: number[] };
    expect(timesMs).toHaveLength(3);
  });
});

describe.concurrent('a node that does not answer', () => {
  let silent: Socket;
  beforeAll(async () => {
    silent = createSocket('udp4').bind(0, host);
    await once(silent, 'listening');
  });
  afterAll(() => {
    silent.close();
  });

  test.for([['get', 'k'], ['put', 'k', 'v'], ['put', 'k', 'v', '--acks', 'all'], ['delete', 'k'], ['info'], ['list']])(
    '%j: exit code 4 within the time-out, with the four reasons',
    async (argv) => {
      const begunMs = performance.now();
      const port = String(silent.address().port);
      const { exitCode, stderr } = await simpledht(...argv, '--port', port, '--timeout', '0.5');
      expect(stderr).toContain(`Error: No response received from 127.0.0.1:${port} within 0.5 seconds\n`);
      expect(stderr).toMatch(
        /1\. The node is not running.*\n.*2\. A firewall.*\n.*3\. The node has a secret.*\n.*4\. The address/,
      );
      expect(exitCode).toBe(4);
      expect(performance.now() - begunMs).toBeLessThan(2500);
    },
  );

  test('as JSON the failure is an object too', async () => {
    const outcome = await simpledht('get', 'k', '--port', String(silent.address().port), '--timeout', '0.2', '--json');
    expect(parsed(outcome)).toMatchObject({ error: { code: 'ERR_TIMEOUT' } });
    expect(outcome.exitCode).toBe(4);
  });

  test('a name that does not resolve is a failure that names it', async () => {
    const { exitCode, stderr } = await simpledht('get', 'k', '--host', 'no-such-host.invalid');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('no-such-host.invalid does not resolve');
  });
});

describe('forget', () => {
  test('of a node that nobody knows fails, of something else is a wrong call', async () => {
    const id = '0123456789abcdef0123456789abcdef';
    expect(await call('forget', id)).toMatchObject({ exitCode: 1, stdout: `No such dead node: ${id}\n` });
    expect(parsed(await call('forget', id, '--json'))).toEqual({ id, forgotten: false });
    expect((await call('forget', 'it')).exitCode).toBe(2);
  });
});
