import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';

/** Exactly as long as a hash, so it is the first one itself (Noise §5.2). */
const protocolName = 'Noise_NNpsk0_25519_AESGCM_SHA256';

export const noiseKeyBytes = 32;
export const noiseTagBytes = 16;

/**
 * The symmetric state of the Noise Protocol Framework (revision 34, §5.2) with AES-256-GCM and SHA-256. A message that
 * does not decrypt leaves it as it was.
 */
export class SymmetricState {
  #chainingKey: Uint8Array = Buffer.from(protocolName, 'latin1');
  #hash: Uint8Array = this.#chainingKey;
  #key: Uint8Array | undefined;
  #nonce = 0;

  /** What is done to the copy leaves this one as it is. */
  copy(): SymmetricState {
    const copy = new SymmetricState();
    copy.#chainingKey = this.#chainingKey;
    copy.#hash = this.#hash;
    copy.#key = this.#key;
    copy.#nonce = this.#nonce;
    return copy;
  }

  /** The handshake hash: it stands for everything that was said so far. */
  get hash(): Uint8Array {
    return this.#hash;
  }

  mixHash(data: Uint8Array): void {
    this.#hash = createHash('sha256').update(this.#hash).update(data).digest();
  }

  mixKey(input: Uint8Array): void {
    const [chainingKey, key] = derive(this.#chainingKey, input);
    this.#chainingKey = chainingKey;
    this.#setKey(key);
  }

  mixKeyAndHash(input: Uint8Array): void {
    const [chainingKey, mixed, key] = derive(this.#chainingKey, input);
    this.#chainingKey = chainingKey;
    this.mixHash(mixed);
    this.#setKey(key);
  }

  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const cipher = createCipheriv('aes-256-gcm', this.#key ?? noKey(), nonceOf(this.#nonce));
    cipher.setAAD(this.#hash);
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    this.#nonce++;
    this.mixHash(ciphertext);
    return ciphertext;
  }

  /** `undefined` when the tag does not fit. */
  decryptAndHash(ciphertext: Uint8Array): Uint8Array | undefined {
    const end = ciphertext.length - noiseTagBytes;
    if (end < 0) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', this.#key ?? noKey(), nonceOf(this.#nonce));
    decipher.setAAD(this.#hash);
    decipher.setAuthTag(ciphertext.subarray(end));
    const plaintext = decipher.update(ciphertext.subarray(0, end));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    this.#nonce++;
    this.mixHash(ciphertext);
    return plaintext;
  }

  /** The two keys of the transport: from the initiator, from the responder. */
  split(): readonly [Uint8Array, Uint8Array] {
    const [first, second] = derive(this.#chainingKey, new Uint8Array(0));
    return [first, second];
  }

  #setKey(key: Uint8Array): void {
    this.#key = key;
    this.#nonce = 0;
  }
}

/** The key after a key: REKEY of Noise §11.3. What was sealed with the former one cannot be opened with it. */
export function nextKey(key: Uint8Array): Uint8Array {
  const nonce = Buffer.alloc(12, 0xff);
  nonce.fill(0, 0, 4);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return cipher.update(new Uint8Array(noiseKeyBytes));
}

/** HKDF of Noise §4.3: three outputs, of which a caller takes as many as it needs. */
function derive(chainingKey: Uint8Array, input: Uint8Array): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const temporary = mac(chainingKey, input);
  const first = mac(temporary, Uint8Array.of(1));
  const second = mac(temporary, first, Uint8Array.of(2));
  return [first, second, mac(temporary, second, Uint8Array.of(3))];
}

function mac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac('sha256', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** 32 bits of zeros and the counter in 64 bits, big-endian (Noise §12.4). */
function nonceOf(counter: number): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(counter, 6, 6);
  return nonce;
}

function noKey(): never {
  throw new Error('No key has been mixed in');
}
