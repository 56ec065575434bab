import { createHmac } from 'node:crypto';
import { packetKind } from '@simpledht/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/crc32.ts';
import { bindingRequest, fingerprintXor, isStun, readStun, stunAttribute } from '../../src/stun/core/message.ts';
import { hex, mapped, message, text } from './support/messages.ts';

const id = hex('b7e7a701bc34d686fa87dfae');
const password = 'VOkJxbRl1RmTxUk/WvJxBt';

/** RFC 5769 §2.1, §2.2 and §2.3. */
const sampleRequest = hex(`
  00010058 2112a442 b7e7a701bc34d686fa87dfae 80220010 5354554e207465737420636c69656e74 00240004 6e0001ff
  80290008 932ff9b151263b36 00060009 6576746a3a68367659202020 00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
  80280004 e57a3bcf`);
const sampleIpv4Response = hex(`
  0101003c 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220 00200008 0001a147e112a643
  00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004 c07d4c96`);
const sampleIpv6Response = hex(`
  01010048 2112a442 b7e7a701bc34d686fa87dfae 8022000b 7465737420766563746f7220
  00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9 00080014 a382954e4be67bf11784c97c8292c275bfe3ed41 80280004 c8fb0b4c`);

const read = (datagram: Uint8Array) => readStun(datagram, crc32);

describe('the vectors of RFC 5769', () => {
  it('are those of the page: their integrity is right by its password', () => {
    for (const vector of [sampleRequest, sampleIpv4Response, sampleIpv6Response]) {
      // §14.5: over all before the attribute, with a length that ends with it.
      const sealed = Uint8Array.from(vector.subarray(0, -32));
      new DataView(sealed.buffer).setUint16(2, vector.length - 28);
      expect(createHmac('sha1', password).update(sealed).digest('hex')).toBe(hexOf(vector.subarray(-28, -8)));
    }
  });

  it('read: an address of IPv4', () => {
    expect(read(sampleIpv4Response)).toEqual({
      class: 'success',
      method: 1,
      transactionId: id,
      mapped: { family: 'ipv4', ip: '192.0.2.1', port: 32_853 },
      error: undefined,
      unknown: [],
    });
  });

  it('read: an address of IPv6', () => {
    const ip = '2001:db8:1234:5678:11:2233:4455:6677';
    expect(read(sampleIpv6Response)?.mapped).toEqual({ family: 'ipv6', ip, port: 32_853 });
  });

  it('read: a request, with attributes of other uses of STUN', () => {
    const { class: kind, unknown, mapped: address } = read(sampleRequest) ?? expect.fail();
    // PRIORITY belongs to ICE: here it is one that has to be understood and is not.
    expect({ kind, unknown, address }).toEqual({ kind: 'request', unknown: [0x0024], address: undefined });
  });

  it('written: the responses, byte for byte', () => {
    const software = [0x8022, text('test vector')] as const;
    expect(message({ id, attributes: [software, mapped('192.0.2.1', 32_853)], password })).toEqual(sampleIpv4Response);
    const address = sampleIpv6Response.subarray(40, 60);
    const ipv6 = message({ id, attributes: [software, [stunAttribute.xorMappedAddress, address]], password });
    expect(ipv6).toEqual(sampleIpv6Response);
  });

  it('give no other address with any bit changed', () => {
    let refused = 0;
    for (let bit = 0; bit < 8 * sampleIpv4Response.length; bit++) {
      const changed = Uint8Array.from(sampleIpv4Response);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const found = read(changed);
      if (found === undefined) refused++;
      // A type or a length that hides the fingerprint leaves a message without one.
      else expect([undefined, '192.0.2.1'], `bit ${String(bit)}`).toContain(found.mapped?.ip);
    }
    expect(refused).toBeGreaterThan(8 * sampleIpv4Response.length - 60);
  });
});

describe('a request of ours', () => {
  it('is a header and a fingerprint, byte for byte', () => {
    expect(bindingRequest(id, crc32)).toEqual(hex('00010008 2112a442 b7e7a701bc34d686fa87dfae 80280004 fdf6ae02'));
    expect(read(bindingRequest(id, crc32))).toMatchObject({ class: 'request', method: 1, transactionId: id });
  });
});

describe('other messages', () => {
  it('an error has its code and its phrase, without what could move a cursor', () => {
    const error = [stunAttribute.errorCode, Uint8Array.of(0, 0, 4, 20, ...text('Unknown\u001b[2J'))] as const;
    const { class: kind, error: found } = read(message({ type: 0x0111, id, attributes: [error] })) ?? expect.fail();
    expect([kind, found]).toEqual(['error', { code: 420, reason: 'Unknown?[2J' }]);
  });

  it('what follows MESSAGE-INTEGRITY does not count, but for the fingerprint (§14.5)', () => {
    const sealed = [stunAttribute.messageIntegrity, new Uint8Array(20)] as const;
    const { mapped: late } = read(message({ id, attributes: [sealed, mapped('1.2.3.4', 5)] })) ?? expect.fail();
    expect(late).toBeUndefined();
    const { mapped: early } = read(message({ id, attributes: [mapped('1.2.3.4', 5), sealed] })) ?? expect.fail();
    expect(early).toEqual({ family: 'ipv4', ip: '1.2.3.4', port: 5 });
  });

  it('a fingerprint that is not the last attribute does not fit (§14.7)', () => {
    const zeros = [stunAttribute.fingerprint, new Uint8Array(4)] as const;
    const early = message({ id, attributes: [zeros, mapped('1.2.3.4', 5)], fingerprint: false });
    // Whatever the checksum says.
    expect(readStun(early, () => fingerprintXor)).toBeUndefined();
    expect(read(message({ id, fingerprint: false }))).toBeDefined();
  });

  it('optional attributes are passed over, unknown ones that are not are told', () => {
    const attributes = [
      [0x8fff, text('anything')],
      [0x7fff, text('abc')],
    ] as const;
    expect(read(message({ id, attributes }))?.unknown).toEqual([0x7fff]);
  });

  it('an address of another family or length is none', () => {
    for (const value of ['0003a147e112a643', '0001a147e112a64300', '0002a147e112a643', '0001'])
      expect(read(message({ id, attributes: [[stunAttribute.xorMappedAddress, hex(value)]] }))?.mapped).toBeUndefined();
  });
});

describe('any bytes', () => {
  it('are never STUN and a packet of ours at once', () => {
    const heads = fc.tuple(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(...[sampleRequest, sampleIpv4Response]));
    const property = fc.property(heads, ([head, tail]) => {
      const mixed = Uint8Array.from(tail);
      mixed.set(head.subarray(0, tail.length));
      for (const datagram of [head, mixed]) if (isStun(datagram)) expect(packetKind(datagram)).toBeUndefined();
    });
    fc.assert(property, { numRuns: 2000 });
    // And not because nothing is STUN.
    expect([isStun(sampleIpv4Response), packetKind(sampleIpv4Response)]).toEqual([true, undefined]);
  });

  it('do not throw, cut or changed anywhere', () => {
    const changes = fc.array(fc.tuple(fc.nat(79), fc.nat(255)), { maxLength: 6 });
    const property = fc.property(
      fc.constantFrom(sampleRequest, sampleIpv6Response),
      changes,
      fc.nat(20),
      (from, all, cut) => {
        const bytes = Uint8Array.from(from);
        for (const [at, value] of all) bytes[at] = value;
        read(bytes.subarray(0, bytes.length - cut));
        // With a checksum that always fits, the attributes are reached.
        readStun(bytes, () => 0);
        readStun(message({ id, attributes: [[stunAttribute.errorCode, bytes.subarray(0, cut)]] }), crc32);
      },
    );
    fc.assert(property, { numRuns: 2000 });
  });
});

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
