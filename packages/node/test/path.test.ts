import { describe, expect, it } from 'vitest';
import { chooseParts } from '../src/defaults.ts';
import { DHTNode } from '../src/index.ts';

describe('what a person knows of the way to other machines', () => {
  it.each([
    [{}, 1170],
    [{ mtu: 1500 }, 1422],
    [{ mtu: 1280 }, 1202],
    [{ mtu: 560 }, 482],
  ])('%j leaves room for %i bytes in a best-effort payload', (options, bytes) => {
    expect(chooseParts(options).transport.maxDatagramBytes).toBe(bytes);
  });

  it.each([
    [{ mtu: 100 }, 'Option mtu must be an integer from 560 to 65535, not 100'],
    [{ mtu: 1500.5 }, 'Option mtu'],
    [{ keepaliveMs: -1 }, 'Option keepaliveMs must be an integer from 0 to 3600000, not -1'],
  ])('%j is refused', (options, message) => {
    expect(() => new DHTNode(options)).toThrow(message);
  });

  it.each([{ mtu: 1500 }, { keepaliveMs: 20_000 }, { secret: 'x'.repeat(44) }])(
    '%j is refused with a transport that would not hear of it',
    (options) => {
      const { transport } = chooseParts({});
      expect(() => new DHTNode({ ...options, transport })).toThrow('is for UDP: give it to the transport itself');
    },
  );
});
