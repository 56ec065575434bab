import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nextKey } from '../src/sealing/noise.ts';
import { Initiator, Responder } from '../src/sealing/nnpsk0.ts';
import { X25519KeyPair } from '../src/sealing/x25519.ts';

/**
 * Noise_NNpsk0_25519_AESGCM_SHA256 of the vectors that the Haskell library cacophony publishes and the Rust library snow
 * tests itself with (tests/vectors/cacophony.txt).
 */
const vector = {
  prologue: '4a6f686e2047616c74',
  psk: '54686973206973206d7920417573747269616e20706572737065637469766521',
  initiator: '893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a',
  responder: 'bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b',
  messages: [
    [
      '4c756477696720766f6e204d69736573',
      'ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79447c37a89fc17813788d30df2d59501d6066f5f8aecc3406bbd9829f2d24a531b1',
    ],
    [
      '4d757272617920526f746862617264',
      '95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f1448088432f29d79368ef9de4e1ae7a362fb05bf0ad668e026bf5714554497b3a720461',
    ],
    ['462e20412e20486179656b', '7c01e898a6201f36aecee532e29cd0b7f8ffa29d3366ad0dce39a6'],
    ['4361726c204d656e676572', 'a9ff535aace3db6a1da1a7fb00fe2de2622bb373abad9fb42c00e0'],
    ['4a65616e2d426170746973746520536179', '6cfc49a3e65472edc2d0152abe5ce950170a8a47c959f30bd48b5f0aacf29adbfd'],
    [
      '457567656e2042f6686d20766f6e2042617765726b',
      '9bc86e6d974ed21ba04604a94aa68de21677eb409ead070c0cd569b069ee19ba142aa4c1a9',
    ],
  ],
} as const;

const agreed = { psk: unhex(vector.psk), prologue: unhex(vector.prologue) };

function handshake(): { initiator: Initiator; responder: Responder } {
  const initiator = new Initiator(agreed, pair(vector.initiator), unhex(vector.messages[0][0]));
  const responder = Responder.read(agreed, initiator.message) ?? expect.fail();
  return { initiator, responder };
}

describe('Noise NNpsk0', () => {
  it('says byte for byte what the published vector says', () => {
    const { initiator, responder } = handshake();
    expect(hex(initiator.message)).toBe(vector.messages[0][1]);
    expect(hex(responder.payload)).toBe(vector.messages[0][0]);
    const answer = responder.answer(pair(vector.responder), unhex(vector.messages[1][0])) ?? expect.fail();
    expect(hex(answer.message)).toBe(vector.messages[1][1]);
    const finished = initiator.finish(answer.message) ?? expect.fail();
    expect(hex(finished.payload)).toBe(vector.messages[1][0]);
    expect(finished.keys).toEqual({ send: answer.keys.receive, receive: answer.keys.send });
    vector.messages.slice(2).forEach(([payload, ciphertext], index) => {
      const key = index % 2 === 0 ? finished.keys.send : answer.keys.send;
      expect(hex(sealed(key, index >> 1, unhex(payload)))).toBe(ciphertext);
    });
  });

  it('refuses a message 1 of another secret, another prologue, or with any byte changed', () => {
    const { initiator } = handshake();
    const { message } = initiator;
    expect(Responder.read({ ...agreed, psk: new Uint8Array(32) }, message)).toBeUndefined();
    expect(Responder.read({ ...agreed, prologue: Uint8Array.of(1) }, message)).toBeUndefined();
    for (let at = 0; at < message.length; at++) expect(Responder.read(agreed, flipped(message, at))).toBeUndefined();
    for (let end = 0; end < message.length; end++) {
      expect(Responder.read(agreed, message.subarray(0, end))).toBeUndefined();
    }
  });

  it('refuses a message 2 with any byte changed, and takes the right one after it', () => {
    const { initiator, responder } = handshake();
    const { message } = responder.answer(pair(vector.responder), Uint8Array.of(7)) ?? expect.fail();
    for (let at = 0; at < message.length; at++) expect(initiator.finish(flipped(message, at))).toBeUndefined();
    for (let end = 0; end < message.length; end++) {
      expect(initiator.finish(message.subarray(0, end))).toBeUndefined();
    }
    expect(initiator.finish(message)?.payload).toEqual(Buffer.of(7));
  });

  it('agrees on nothing with a key of low order', () => {
    const zero = new Uint8Array(32);
    expect(pair(vector.initiator).agree(zero)).toBeUndefined();
    expect(pair(vector.initiator).agree(zero.with(0, 1))).toBeUndefined();
  });

  it('makes a key from a key as REKEY does: 32 zeros under the largest nonce', () => {
    const key = unhex(vector.psk);
    const cipher = createCipheriv('aes-256-gcm', key, unhex('00000000ffffffffffffffff'));
    expect(hex(nextKey(key))).toBe(cipher.update(Buffer.alloc(32)).toString('hex'));
    expect(nextKey(nextKey(key))).not.toEqual(nextKey(key));
  });
});

function pair(secret: string): X25519KeyPair {
  return new X25519KeyPair(unhex(secret));
}

function sealed(key: Uint8Array, counter: number, plaintext: Uint8Array): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(counter, 8);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function flipped(message: Uint8Array, at: number): Uint8Array {
  return message.map((byte, index) => (index === at ? byte ^ 0x10 : byte));
}

function unhex(text: string): Uint8Array {
  return Buffer.from(text, 'hex');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
