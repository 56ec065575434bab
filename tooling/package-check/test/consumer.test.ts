import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installConsumer, optionalPackages, type Consumer } from '../src/consumer.ts';
import { packedPackages } from '../src/pack.ts';
import { entryPoints, keptData, twoNodes } from '../src/programs.ts';

const packed = await packedPackages();

describe.each([
  { title: 'npm install', flags: [], optional: true },
  { title: 'npm install --omit=optional', flags: ['--omit=optional'], optional: false },
])('in an empty folder after $title', ({ flags, optional }) => {
  let consumer: Consumer;

  beforeAll(async () => {
    consumer = await installConsumer(packed, flags);
  });
  afterAll(async () => {
    await consumer.remove();
  });

  it('stands alone: every package is the packed one', async () => {
    const lock = JSON.parse(await readFile(join(consumer.folder, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { resolved?: string }>;
    };
    const own = Object.entries(lock.packages).filter(([path]) => /node_modules\/(@simpledht\/|simpledht$)/.test(path));
    expect(own).toHaveLength(packed.length);
    expect(own.filter(([, { resolved }]) => resolved?.startsWith('file:') !== true)).toEqual([]);
  });

  if (!optional) {
    it('has no native code', () => {
      const modules = join(consumer.folder, 'node_modules');
      expect(existsSync(join(modules, 'msgpackr'))).toBe(true);
      expect(existsSync(join(modules, 'msgpackr-extract'))).toBe(false);
      expect(existsSync(join(modules, 'lmdb'))).toBe(false);
    });

    it('the command says what --data needs', async () => {
      const { code, stderr } = await consumer.command('simpledht', 'start', '--port', '0', '--data', 'data');
      expect(code).toBe(1);
      expect(stderr).toContain('--data cannot be used');
      expect(stderr).toContain('without --omit=optional');
    });
  } else {
    it('keeps data in a directory', async () => {
      await writeFile(join(consumer.folder, 'kept.mjs'), keptData);
      const { code, stdout, stderr } = await consumer.node('kept.mjs');
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'kept\n', stderr: '' });
    });
  }

  it.each(entryPoints(packed.filter(({ name }) => optional || !optionalPackages.includes(name))))(
    'imports %s',
    async (entry) => {
      const { code, stderr } = await consumer.node('--input-type=module', '--eval', `await import('${entry}')`);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    },
  );

  it('two nodes share a value, and the process ends by itself', async () => {
    await writeFile(join(consumer.folder, 'two-nodes.mjs'), twoNodes);
    const { code, stdout, stderr } = await consumer.node('two-nodes.mjs');
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '{"name":"Ada"}\n', stderr: '' });
  });

  it('the command says its version', async () => {
    const { code, stdout } = await consumer.command('simpledht', '--version');
    expect(code).toBe(0);
    expect(stdout).toContain(packed.find(({ name }) => name === 'simpledht')?.manifest.version);
  });
});
