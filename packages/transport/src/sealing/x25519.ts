import type { KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';

export const x25519Bytes = 32;

/** What stands before 32 bytes of a key in DER: PKCS #8 and SubjectPublicKeyInfo (RFC 8410). */
const privatePrefix = Buffer.from('302e020100300506032b656e04220420', 'hex');
const publicPrefix = Buffer.from('302a300506032b656e032100', 'hex');

/** A key pair of X25519 (RFC 7748) from 32 random bytes. */
export class X25519KeyPair {
  readonly publicKey: Uint8Array;
  readonly #privateKey: KeyObject;

  constructor(secret: Uint8Array) {
    const key = Buffer.concat([privatePrefix, secret]);
    this.#privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
    const exported = createPublicKey(this.#privateKey).export({ format: 'der', type: 'spki' });
    this.publicKey = exported.subarray(publicPrefix.length);
  }

  /** The shared secret; `undefined` for a public key that would give the same one to everybody (RFC 7748 §6.1). */
  agree(theirs: Uint8Array): Uint8Array | undefined {
    try {
      const key = Buffer.concat([publicPrefix, theirs]);
      const publicKey = createPublicKey({ key, format: 'der', type: 'spki' });
      return diffieHellman({ privateKey: this.#privateKey, publicKey });
    } catch {
      return undefined;
    }
  }
}
