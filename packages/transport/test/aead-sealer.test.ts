import fc from 'fast-check';
import { packetHeaderBytes } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import type { RekeySettings } from '../src/sealing/aead-sealer.ts';
import { AeadSealer } from '../src/sealing/aead-sealer.ts';
import { bytes } from './support/pair.ts';

const keys = { send: bytes(32, 1), receive: bytes(32, 2) };
const patient = { rekeyAfterMs: 120_000, rekeyAfterPackets: 1_000_000 };
const tagBytes = 16;

function pair(settings: RekeySettings = patient): { a: AeadSealer; b: AeadSealer } {
  const [a, b] = [new AeadSealer(settings), new AeadSealer(settings)];
  a.install(keys);
  b.install({ send: keys.receive, receive: keys.send });
  return { a, b };
}

/** A packet with a header of zeros but the fixed bit, and frames that tell its number. */
function sealedBy(sealer: AeadSealer, packetNumber: number): Uint8Array {
  const packet = new Uint8Array(packetHeaderBytes + 20 + tagBytes);
  packet[0] = 0x41;
  packet.set(frames(packetNumber), packetHeaderBytes);
  sealer.seal(packet, packetHeaderBytes, packetNumber);
  return packet;
}

function frames(packetNumber: number): Uint8Array {
  return new Uint8Array(20).fill(packetNumber & 0xff);
}

function opens(sealer: AeadSealer, packet: Uint8Array, packetNumber: number): boolean {
  const copy = packet.slice();
  if (!sealer.open(copy, packetHeaderBytes, packetNumber)) return false;
  expect(copy.subarray(packetHeaderBytes, copy.length - tagBytes)).toEqual(frames(packetNumber));
  return true;
}

describe('a sealed packet', () => {
  it('shows its header and none of its frames', () => {
    const { a, b } = pair();
    const packet = sealedBy(a, 7);
    expect([...packet.subarray(0, packetHeaderBytes)]).toEqual([0x61, ...new Uint8Array(10)]);
    expect(packet.subarray(packetHeaderBytes, packetHeaderBytes + 20)).not.toEqual(frames(7));
    expect(opens(b, packet, 7)).toBe(true);
  });

  it('does not open with any bit changed, under another number, at its sender, or unsealed', () => {
    const { a, b } = pair();
    const packet = sealedBy(a, 7);
    for (let bit = 0; bit < packet.length * 8; bit++) {
      const changed = packet.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(opens(b, changed, 7)).toBe(false);
    }
    expect(opens(b, packet, 8)).toBe(false);
    expect(opens(a, packet, 7)).toBe(false);
    expect(opens(b, packet, 7)).toBe(true);
  });

  it('needs the keys of a handshake', () => {
    const sealer = new AeadSealer(patient);
    expect(opens(sealer, sealedBy(pair().a, 0), 0)).toBe(false);
    expect(() => sealedBy(sealer, 0)).toThrow('before the handshake');
  });
});

describe('keys change under traffic', () => {
  it('by time, and only after a packet under the present one was acknowledged', () => {
    const { a } = pair({ ...patient, rekeyAfterMs: 1000 });
    a.turn(0, -1);
    expect(sealedBy(a, 0)[0]).toBe(0x61);
    a.turn(2000, -1);
    expect(sealedBy(a, 1)[0]).toBe(0x61);
    a.turn(2000, 0);
    expect(sealedBy(a, 2)[0]).toBe(0x71);
    a.turn(9000, 1);
    expect(sealedBy(a, 3)[0]).toBe(0x71);
    a.turn(9000, 2);
    expect(sealedBy(a, 4)[0]).toBe(0x61);
  });

  it('by packets', () => {
    const { a } = pair({ ...patient, rekeyAfterPackets: 3 });
    const phases = Array.from({ length: 9 }, (_, number) => {
      a.turn(0, number - 1);
      return (sealedBy(a, number)[0] ?? 0) >> 4;
    });
    expect(phases).toEqual([6, 6, 6, 7, 7, 7, 6, 6, 6]);
  });

  it('makes what was sealed before unreadable for who has the new one only', () => {
    const { a, b } = pair({ ...patient, rekeyAfterPackets: 1 });
    const packets = [0, 1, 2, 3].map((number) => {
      a.turn(0, number - 1);
      return sealedBy(a, number);
    });
    for (const [number, packet] of packets.entries()) expect(opens(b, packet, number)).toBe(true);
    // Of the former key late packets may come; those before it are gone.
    expect([0, 1, 2, 3].map((number) => opens(b, packets[number] ?? expect.fail(), number))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it('with packets lost, late and forged in any order, each that may still come opens', () => {
    const events = fc.array(fc.record({ lose: fc.boolean(), late: fc.nat(6), forge: fc.boolean() }), {
      maxLength: 120,
    });
    fc.assert(
      fc.property(events, (steps) => {
        const { a, b } = pair({ ...patient, rekeyAfterPackets: 5 });
        const onTheWay: { number: number; packet: Uint8Array; at: number }[] = [];
        let acknowledged = -1;
        for (const [number, { lose, late, forge }] of steps.entries()) {
          a.turn(0, acknowledged);
          const packet = sealedBy(a, number);
          if (forge) expect(opens(b, packet.with(0, (packet[0] ?? 0) ^ 0x10), number)).toBe(false);
          if (!lose) onTheWay.push({ number, packet, at: number + late });
          for (const sent of onTheWay.splice(0)) {
            if (sent.at > number) onTheWay.push(sent);
            else {
              expect(opens(b, sent.packet, sent.number)).toBe(true);
              acknowledged = Math.max(acknowledged, sent.number);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
