import { SimpleDHTError } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { datagramTransport, maxSecrets, MemoryNetwork, newSecret, seededRandom } from '../src/index.ts';
import { parseKeyring } from '../src/sealing/keyring.ts';

const secret = newSecret(seededRandom(1));

describe('a secret', () => {
  it('is 32 random bytes as text, and never the same twice', () => {
    expect(newSecret()).toMatch(/^sdht1_[\w-]{48}$/);
    expect(newSecret()).not.toBe(newSecret());
    const [key] = parseKeyring(secret);
    expect([key?.psk.length, key?.id.length]).toEqual([32, 4]);
  });

  it('is found damaged with any letter changed, left out or added', () => {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (let at = 6; at < secret.length; at++) {
      const other = letters[(letters.indexOf(secret.charAt(at)) + 1) % 64] ?? '';
      for (const text of [other, '', `${secret.charAt(at)}A`]) {
        expect(() => parseKeyring(secret.slice(0, at) + text + secret.slice(at + 1))).toThrow('damaged');
      }
    }
  });

  it.each([
    ['a passphrase', 'correct horse battery staple'],
    ['nothing', ''],
    ['no secrets', []],
    ['one too many', Array.from({ length: maxSecrets + 1 }, (_, seed) => newSecret(seededRandom(seed)))],
    ['one twice', [secret, secret]],
  ])('is refused with a clear error when it is %s', (_name, given) => {
    const socket = new MemoryNetwork().socket();
    for (const refuse of [() => parseKeyring(given), () => datagramTransport({ socket, secret: given })]) {
      expect(refuse).toThrow(SimpleDHTError);
      expect(refuse).toThrow('Option secret');
    }
  });

  it('is not in the error that refuses it', () => {
    const damaged = `${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`;
    expect(() => parseKeyring(damaged)).toThrow(/^(?!.*sdht1_\w)/);
    expect(() => parseKeyring([secret, 'hunter2'])).toThrow(/^(?!.*hunter2)/);
  });

  it('makes a transport that says that it is secure', () => {
    const socket = new MemoryNetwork().socket();
    expect(datagramTransport({ socket, secret }).secure).toBe(true);
    expect(datagramTransport({ socket }).secure).toBe(false);
  });
});
