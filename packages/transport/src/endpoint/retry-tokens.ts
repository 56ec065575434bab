import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Address } from '@simpledht/wire';
import type { Random } from '../random.ts';

const tokenBytes = 16;

/** Tokens made with the key before the present one are taken too, so one is good for 120 to 240 s. */
const rotateAfterMs = 120_000;

/**
 * Proof that whoever says hello receives at the address it sends from (RFC 9000 §8.1.2). Stateless: an HMAC of the
 * address under a key that changes every 120 s. Asked for only while many handshakes are pending.
 */
export class RetryTokens {
  readonly #random: Random;
  #current: Uint8Array;
  #previous: Uint8Array;
  #rotatedMs: number;

  constructor(random: Random, nowMs: number) {
    this.#random = random;
    this.#current = random.bytes(32);
    this.#previous = random.bytes(32);
    this.#rotatedMs = nowMs;
  }

  make(address: Address, nowMs: number): Uint8Array {
    this.#rotate(nowMs);
    return sign(this.#current, address);
  }

  isValid(token: Uint8Array, address: Address, nowMs: number): boolean {
    if (token.length !== tokenBytes) return false;
    this.#rotate(nowMs);
    return (
      timingSafeEqual(token, sign(this.#current, address)) || timingSafeEqual(token, sign(this.#previous, address))
    );
  }

  #rotate(nowMs: number): void {
    const elapsedMs = nowMs - this.#rotatedMs;
    if (elapsedMs < rotateAfterMs) return;
    this.#previous = elapsedMs < 2 * rotateAfterMs ? this.#current : this.#random.bytes(32);
    this.#current = this.#random.bytes(32);
    this.#rotatedMs = nowMs;
  }
}

function sign(key: Uint8Array, address: Address): Uint8Array {
  return createHmac('sha256', key).update(address).digest().subarray(0, tokenBytes);
}
