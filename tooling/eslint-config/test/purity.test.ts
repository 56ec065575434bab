import { describe, expect, it } from 'vitest';
import { lint } from './lint.ts';

const cores = [
  'packages/wire/src/x.ts',
  'packages/membership/src/x.ts',
  'packages/storage/src/replica/x.ts',
  'packages/transport/src/link/x.ts',
  'packages/transport/src/stun/core/x.ts',
  'packages/transport-tcp/src/core/x.ts',
  'packages/discovery-lan/src/core/x.ts',
];

const impure: [code: string, reason: string][] = [
  ['export const at: number = Date.now();', 'time as the argument `now`'],
  ['export const at: Date = new Date();', 'time as the argument `now`'],
  ['export const at: string = Date();', 'time as the argument `now`'],
  ['export const Clock: unknown = Date;', 'time as the argument `now`'],
  ['export const at: number = performance.now();', 'time as the argument `now`'],
  ['export const luck: number = Math.random();', 'replayed from its seed'],
  ['const { random } = Math;\nexport const luck: number = random();', 'replayed from its seed'],
  ['export const id: string = crypto.randomUUID();', 'replayed from its seed'],
  ['setTimeout(() => undefined, 1);', 'deadline()'],
  ['setInterval(() => undefined, 1);', 'deadline()'],
  ['setImmediate(() => undefined);', 'deadline()'],
  ['queueMicrotask(() => undefined);', 'deadline()'],
  ['export const bytes: Uint8Array = Buffer.alloc(1);', 'Uint8Array'],
  ["console.log('hello');", 'never logs'],
  ["export const home: unknown = process.env['HOME'];", 'nothing ambient'],
  ['export const escape: unknown = globalThis.Date;', 'nothing ambient'],
  ["export const answer: unknown = fetch('http://127.0.0.1');", 'no IO of its own'],
  ["import { hash } from 'node:crypto';\nexport const used: unknown = hash;", 'belong to the shells'],
  ["import { readFileSync } from 'fs';\nexport const used: unknown = readFileSync;", 'belong to the shells'],
  ["import type { Socket } from 'node:dgram';\nexport type Used = Socket;", 'belong to the shells'],
  ['export async function wait(): Promise<void> {}', 'A core is synchronous'],
  ['export const wait = async (): Promise<void> => {};', 'A core is synchronous'],
  ['export class Link { async wait(): Promise<void> {} }', 'A core is synchronous'],
  ["export const later: unknown = import('./y.ts');", 'A core is synchronous'],
];

const pure = [
  'export const isDate = (value: unknown): value is Date => value instanceof Date;',
  'export const decode = (milliseconds: number): Date => new Date(milliseconds);',
  'export const plain = (value: object): boolean => Object.getPrototypeOf(value) === Date.prototype;',
  'export const largest: number = Math.max(1, 2);',
  'export const roll = (random: () => number): number => random();',
  'export const field = (value: { Date: number }): number => value.Date;',
];

describe('a core is pure', () => {
  describe.each(cores)('%s', (filePath) => {
    it.each(impure)('refuses %s', async (code, reason) => {
      const findings = await lint(filePath, code);
      expect(findings).toContainEqual(
        expect.objectContaining({
          rule: expect.stringMatching(/^no-restricted-/) as string,
          message: expect.stringContaining(reason) as string,
        }),
      );
    });

    it.each(pure)('takes %s', async (code) => {
      expect(await lint(filePath, code)).toEqual([]);
    });
  });

  it('a shell is not a core', async () => {
    const code = 'export const start = async (): Promise<number> => Promise.resolve(Date.now());';
    expect(await lint('packages/node/src/x.ts', code)).toEqual([]);
    expect(await lint('packages/transport/src/udp/x.ts', code)).toEqual([]);
  });

  it('a compliance suite may wait, and still reads no clock', async () => {
    const filePath = 'packages/storage/src/compliance/x.ts';
    expect(await lint(filePath, 'export const run = async (): Promise<number> => Promise.resolve(1);')).toEqual([]);
    expect(await lint(filePath, 'export const at: number = Date.now();')).toHaveLength(1);
  });
});
