import type { Address } from '@simpledht/wire';
import { packetKind, protocolVersion, SimpleDHTError } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { Endpoint } from '../src/endpoint/endpoint.ts';
import { defaultTransportSettings } from '../src/endpoint/settings.ts';
import type { Random } from '../src/index.ts';
import { MemoryNetwork, seededRandom, silentLogger, VirtualClock } from '../src/index.ts';
import { plainSealer } from '../src/plain-sealer.ts';
import { bytes, settled } from './support/pair.ts';

const A = '10.0.0.1:5000';
const B = '10.0.0.2:5000';

interface Side {
  readonly endpoint: Endpoint;
  readonly heard: Uint8Array[];
  readonly errors: Error[];
}

async function side(network: MemoryNetwork, random: Random, address: Address): Promise<Side> {
  const socket = network.socket(address);
  const clock = network.clock;
  const made = { heard: [] as Uint8Array[], errors: [] as Error[] };
  const parts = {
    socket,
    clock,
    random,
    logger: silentLogger,
    settings: defaultTransportSettings,
    versions: protocolVersion,
  };
  const endpoint = new Endpoint(parts, {
    onDatagram: () => undefined,
    onRequest: (_from, payload, reply) => {
      reply(payload);
    },
    onEvent: (event) => {
      if (event.type === 'error') made.errors.push(event.error);
    },
  });
  await socket.bind({
    onDatagram: (datagram, from) => {
      made.heard.push(datagram.slice());
      endpoint.onDatagram(datagram, from);
    },
    onError: (error) => made.errors.push(error),
  });
  return { endpoint, ...made };
}

/** A datagram as nobody meant it: noise, or a real one changed, cut or lengthened, half of the time with a tag that fits. */
function hostile(random: Random, real: readonly Uint8Array[]): Uint8Array {
  const upTo = (bound: number): number => Math.floor(random.next() * bound);
  const template = real[upTo(real.length)] ?? new Uint8Array(0);
  const noise = random.next() < 0.3;
  const made = noise ? random.bytes(upTo(200)) : new Uint8Array(upTo(2) === 0 ? template.length : upTo(300));
  if (!noise) made.set(template.subarray(0, made.length));
  if (noise && upTo(2) === 0 && made.length > 0) made[0] = [0x41, 0xc1, 0x49][upTo(3)] ?? 0;
  for (let changes = upTo(6); changes > 0 && made.length > 0; changes--) made[upTo(made.length)] = upTo(256);
  if (made.length >= plainSealer.tagBytes && upTo(2) === 0) {
    plainSealer.seal(made, made.length - plainSealer.tagBytes, 0);
  }
  return made;
}

function somebody(random: Random): Address {
  const [a = 0, b = 0, c = 0] = random.bytes(3);
  if (a < 100) return A;
  if (a < 110) return `[2001:db8:${b.toString(16)}::${c.toString(16)}]:9`;
  return `198.${String(b % 4)}.${String(c)}.${String(a)}:${String(1 + b)}`;
}

describe('100,000 hostile datagrams', () => {
  it.each([1, 2])(
    'throw nothing, get no more than three times their bytes, and leave bounded state (seed %i)',
    async (seed) => {
      const clock = new VirtualClock();
      const random = seededRandom(seed);
      const network = new MemoryNetwork({ clock, random, delayMs: [1, 2] });
      const [a, b] = [await side(network, random, A), await side(network, random, B)];
      const ask = (): Promise<Uint8Array> => a.endpoint.request(B, bytes(5000), {});
      for (let round = 0; round < 5; round++) await settled(clock, ask(), 1000);
      const real = b.heard.splice(0);
      expect(new Set(real.map(packetKind))).toEqual(new Set(['handshake', 'established']));
      const { sessions } = b.endpoint;
      const bytesFrom = new Map<Address, number>();
      const bytesTo = new Map<Address, number>();
      network.onDatagram = (_from, to, { length }) => bytesTo.set(to, (bytesTo.get(to) ?? 0) + length);
      for (let index = 0; index < 50_000; index++) {
        const from = somebody(random);
        const datagram = hostile(random, real);
        bytesFrom.set(from, (bytesFrom.get(from) ?? 0) + datagram.length);
        b.endpoint.onDatagram(datagram, from);
        if (index % 50 !== 0) continue;
        await clock.advance(20);
        b.heard.length = 0;
        expect(sessions.count).toBeLessThanOrEqual(defaultTransportSettings.maxLinks);
        expect(sessions.pendingHandshakes).toBeLessThanOrEqual(defaultTransportSettings.retryAbovePending + 1);
        expect([...sessions.all()].length).toBeLessThanOrEqual(400);
      }
      for (const [to, sent] of bytesTo) {
        if (to !== A && to !== B) expect(sent, to).toBeLessThanOrEqual(3 * (bytesFrom.get(to) ?? 0));
      }
      expect(bytesTo.size).toBeGreaterThan(500);
      // Some hellos speak of a secret: people are told of that once a minute, and of nothing else.
      const others = [...a.errors, ...b.errors].filter((error) => !SimpleDHTError.is(error, 'ERR_OTHER_SECRET'));
      expect(others).toEqual([]);
      await clock.advance(15_000);
      expect(sessions.pendingHandshakes).toBe(0);
      expect(await settled(clock, ask().catch(ask), 10_000)).toHaveLength(5000);
    },
  );
});
