import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SimpleDHTError } from '@simpledht/wire';
import { afterEach, describe, expect, it } from 'vitest';
import { lmdbStore } from '../src/index.ts';
import { lockDirectory } from '../src/lock/directory-lock.ts';
import { mountReadOnly, whyNoMounts } from './durability/file-systems.ts';
import { newDirectory } from './support/directories.ts';

const whyNot = whyNoMounts();
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

/** A process that opens a store and keeps it open; settles when it has. */
async function holder(path: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('support/holder.ts', import.meta.url));
  const flags = ['--conditions=@simpledht/source', '--import', 'tsx'];
  const child = spawn(process.execPath, [...flags, program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  expect(line).toBe('open');
  return child;
}

function refusal(path: string): SimpleDHTError {
  try {
    void lmdbStore({ path }).close();
  } catch (error) {
    if (SimpleDHTError.is(error)) return error;
    throw error;
  }
  throw new Error('the store opened');
}

describe('one store at a time', () => {
  it('a directory that another process has open is refused, with its process id and the directory', async () => {
    const path = newDirectory();
    const child = await holder(path);
    const error = refusal(path);
    expect(error.code).toBe('ERR_STORE_LOCKED');
    expect(error.message).toContain(path);
    if (process.platform !== 'win32') expect(error.message).toContain(`process ${String(child.pid)}`);
  });

  it('kill -9 leaves no lock behind', async () => {
    const path = newDirectory();
    const child = await holder(path);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = lmdbStore({ path });
    await store.close();
    expect(readdirSync(path).filter((name) => name.startsWith('lock-'))).toEqual([]);
  });

  it('a stopped process keeps its lock', async () => {
    const path = newDirectory();
    const child = await holder(path);
    child.kill('SIGSTOP');
    expect(refusal(path).code).toBe('ERR_STORE_LOCKED');
  });

  it('is refused a second time in one process, whatever the path is called, until it is closed', async () => {
    const path = newDirectory();
    const other = join(newDirectory(), 'link');
    symlinkSync(path, other);
    const store = lmdbStore({ path });
    expect(refusal(path).message).toMatch(/this process has it open already/);
    expect(refusal(other).code).toBe('ERR_STORE_LOCKED');
    store.apply({ meta: [['m', Uint8Array.of(7)]] });
    await store.close();
    const again = lmdbStore({ path: other });
    expect(again.meta('m')).toEqual(Uint8Array.of(7));
    await again.close();
  });

  it('a store that did not open is not locked', () => {
    const path = newDirectory();
    lockDirectory(path).release();
    lockDirectory(path).release();
  });

  it.skipIf(whyNot !== undefined)(
    'a file system without sockets is locked from another place',
    ({ onTestFinished }) => {
      const disk = mountReadOnly();
      onTestFinished(() => {
        disk.unmount();
      });
      const lock = lockDirectory(disk.path);
      expect(() => lockDirectory(disk.path)).toThrow(/this process/);
      lock.release();
      lockDirectory(disk.path).release();
      const { dev, ino } = statSync(disk.path);
      expect(existsSync(join(tmpdir(), `simpledht-${String(dev)}-${String(ino)}`))).toBe(false);
    },
  );

  it('paths too long for a socket are locked as well', () => {
    const path = join(newDirectory(), 'x'.repeat(120));
    mkdirSync(path);
    const lock = lockDirectory(path);
    expect(() => lockDirectory(path)).toThrow(/this process/);
    lock.release();
    lockDirectory(path).release();
  });
});
