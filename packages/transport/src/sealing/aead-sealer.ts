import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Sealer } from '@simpledht/wire';
import { packetFlag } from '@simpledht/wire';
import type { LinkKeys } from './nnpsk0.ts';
import { nextKey, noiseTagBytes } from './noise.ts';

const algorithm = 'aes-256-gcm';
const options = { authTagLength: noiseTagBytes };

/** When keys change. */
export interface RekeySettings {
  /** A key is used for at most so long while there is traffic, ms. */
  readonly rekeyAfterMs: number;
  /** And for at most so many packets. RFC 9001 §6.6 allows 2^23 with AES-GCM. */
  readonly rekeyAfterPackets: number;
}

/**
 * AES-256-GCM over the packets of one link: the header is authenticated, the frames are encrypted, the packet number is
 * the nonce. Each direction has a key of its own and changes it by itself; a bit in the first byte says which of two.
 *
 * Invariants: 1. a number is sealed once under a key; 2. a key is left only when a packet under it was acknowledged, so
 * there are never more than two that may come; 3. a packet that does not open changes nothing.
 */
export class AeadSealer implements Sealer {
  readonly tagBytes: number = noiseTagBytes;
  readonly #settings: RekeySettings;
  readonly #nonce = Buffer.alloc(12);
  #sendKey: Uint8Array | undefined;
  #sendPhase = 0;
  #sendFrom = 0;
  #sendSinceMs: number | undefined;
  #nextNumber = 0;
  #receiveKey: Uint8Array | undefined;
  #receivePhase = 0;
  /** The lowest number seen under the key in use. */
  #receiveFrom = 0;
  #formerKey: Uint8Array | undefined;
  #comingKey: Uint8Array | undefined;

  constructor(settings: RekeySettings) {
    this.#settings = settings;
  }

  /** The keys of a handshake. Before the first packet a later handshake may take the place of an earlier one. */
  install({ send, receive }: LinkKeys): void {
    this.#sendKey = send;
    this.#receiveKey = receive;
  }

  seal(packet: Uint8Array, bodyStart: number, packetNumber: number): void {
    if (this.#sendKey === undefined) throw new Error('Sealed before the handshake');
    const end = packet.length - noiseTagBytes;
    packet[0] = (packet[0] ?? 0) | packetFlag.sealed | this.#sendPhase;
    const cipher = createCipheriv(algorithm, this.#sendKey, this.#nonceOf(packetNumber), options);
    cipher.setAAD(packet.subarray(0, bodyStart));
    packet.set(cipher.update(packet.subarray(bodyStart, end)), bodyStart);
    cipher.final();
    packet.set(cipher.getAuthTag(), end);
    this.#nextNumber = packetNumber + 1;
  }

  open(packet: Uint8Array, bodyStart: number, packetNumber: number): boolean {
    const flags = packet[0] ?? 0;
    if ((flags & packetFlag.sealed) === 0 || this.#receiveKey === undefined) return false;
    if ((flags & packetFlag.keyPhase) === this.#receivePhase)
      return this.#openWith(this.#receiveKey, packet, bodyStart, packetNumber);
    if (packetNumber < this.#receiveFrom)
      return this.#formerKey !== undefined && this.#openWith(this.#formerKey, packet, bodyStart, packetNumber);
    // Kept: who flips the bit of a packet must not make us compute a key each time.
    this.#comingKey ??= nextKey(this.#receiveKey);
    if (!this.#openWith(this.#comingKey, packet, bodyStart, packetNumber)) return false;
    this.#formerKey = this.#receiveKey;
    this.#receiveKey = this.#comingKey;
    this.#comingKey = undefined;
    this.#receivePhase ^= packetFlag.keyPhase;
    this.#receiveFrom = packetNumber;
    return true;
  }

  turn(nowMs: number, largestAcknowledged: number): void {
    if (this.#sendKey === undefined) return;
    this.#sendSinceMs ??= nowMs;
    const packets = this.#nextNumber - this.#sendFrom;
    const isDue =
      nowMs - this.#sendSinceMs >= this.#settings.rekeyAfterMs || packets >= this.#settings.rekeyAfterPackets;
    if (!isDue || largestAcknowledged < this.#sendFrom) return;
    this.#sendKey = nextKey(this.#sendKey);
    this.#sendPhase ^= packetFlag.keyPhase;
    this.#sendFrom = this.#nextNumber;
    this.#sendSinceMs = nowMs;
  }

  #openWith(key: Uint8Array, packet: Uint8Array, bodyStart: number, packetNumber: number): boolean {
    const end = packet.length - noiseTagBytes;
    const decipher = createDecipheriv(algorithm, key, this.#nonceOf(packetNumber), options);
    decipher.setAAD(packet.subarray(0, bodyStart));
    decipher.setAuthTag(packet.subarray(end));
    const body = decipher.update(packet.subarray(bodyStart, end));
    try {
      decipher.final();
    } catch {
      return false;
    }
    packet.set(body, bodyStart);
    return true;
  }

  /** One buffer for all: the cipher copies it. */
  #nonceOf(packetNumber: number): Buffer {
    this.#nonce.writeUIntBE(packetNumber, 6, 6);
    return this.#nonce;
  }
}
