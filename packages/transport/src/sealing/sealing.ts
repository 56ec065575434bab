import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Random } from '../random.ts';
import type { RekeySettings } from './aead-sealer.ts';
import { AeadSealer } from './aead-sealer.ts';
import type { ClusterKey } from './keyring.ts';
import { keyIdBytes } from './keyring.ts';
import type { LinkKeys } from './nnpsk0.ts';
import { Initiator, Responder } from './nnpsk0.ts';
import { noiseKeyBytes } from './noise.ts';
import { X25519KeyPair } from './x25519.ts';

/** How the key exchange of a handshake begins: the way it goes. 2 is kept for XXpsk3 with a key for each node. */
const mode = { nnpsk0: 1 } as const;

const digestBytes = 16;
const empty = new Uint8Array(0);

/** Of a handshake packet: all that it says beside the key exchange, and the key exchange itself. */
export interface Said {
  readonly context: Uint8Array;
  readonly keyExchange: Uint8Array;
}

/** An answered hello: what to send, and the keys that come of it. */
export interface Answer {
  readonly keyExchange: Uint8Array;
  readonly keys: LinkKeys;
}

/** A hello that was made with a secret of ours. */
export interface OpenedHello {
  readonly key: ClusterKey;
  readonly responder: Responder;
}

/** One dial: the same hello however often it is repeated, one for each secret of the ring. */
export class Dial {
  readonly #keys: readonly ClusterKey[];
  readonly #ephemeral: X25519KeyPair;
  #context: Uint8Array = empty;
  #initiators: (Initiator | undefined)[] = [];
  #hellos = 0;

  constructor(keys: readonly ClusterKey[], random: Random) {
    this.#keys = keys;
    this.#ephemeral = new X25519KeyPair(random.bytes(noiseKeyBytes));
  }

  /** The secrets take turns: a peer may not have the first one yet, or not any more. */
  hello(context: Uint8Array): Uint8Array {
    if (!isSame(context, this.#context)) {
      this.#context = context;
      this.#initiators = [];
    }
    const index = this.#hellos++ % this.#keys.length;
    const key = this.#keys[index];
    if (key === undefined) return empty;
    const agreed = { psk: key.psk, prologue: context };
    const initiator = (this.#initiators[index] ??= new Initiator(agreed, this.#ephemeral, empty));
    return Buffer.concat([Uint8Array.of(mode.nnpsk0), key.id, initiator.message]);
  }

  /** The keys of the link; `undefined` when the answer is not one to a hello of this dial, whole as it was sent. */
  finish({ context, keyExchange }: Said): LinkKeys | undefined {
    if (keyExchange[0] !== mode.nnpsk0) return undefined;
    for (const initiator of this.#initiators) {
      const finished = initiator?.finish(keyExchange.subarray(1));
      if (finished === undefined) continue;
      return isSame(finished.payload, digestOf(context)) ? finished.keys : undefined;
    }
    return undefined;
  }

  /** The refusal was made with a secret of ours, for a hello of this dial. */
  isRefusal({ context, keyExchange }: Said): boolean {
    return this.#keys.some((key, index) => {
      const initiator = this.#initiators[index];
      if (initiator === undefined) return false;
      return isSame(keyExchange, refusalOf(key, initiator.message, context));
    });
  }
}

/** The secret of a transport: how handshakes are authenticated and links sealed. */
export class Sealing {
  readonly #keys: readonly ClusterKey[];
  readonly #random: Random;
  readonly #settings: RekeySettings;

  constructor(keys: readonly ClusterKey[], random: Random, settings: RekeySettings) {
    this.#keys = keys;
    this.#random = random;
    this.#settings = settings;
  }

  newSealer(): AeadSealer {
    return new AeadSealer(this.#settings);
  }

  dial(): Dial {
    return new Dial(this.#keys, this.#random);
  }

  /** A few hashes and one decryption, no agreement on keys: cheap enough for whoever knows an id of a secret. */
  open({ context, keyExchange }: Said): OpenedHello | undefined {
    if (keyExchange[0] !== mode.nnpsk0) return undefined;
    const id = keyExchange.subarray(1, 1 + keyIdBytes);
    const key = this.#keys.find((candidate) => isSame(candidate.id, id));
    if (key === undefined) return undefined;
    const agreed = { psk: key.psk, prologue: context };
    const responder = Responder.read(agreed, keyExchange.subarray(1 + keyIdBytes));
    return responder === undefined ? undefined : { key, responder };
  }

  /** `context` is the answer's own: its digest goes with it, so that the answer is taken whole or not at all. */
  answer({ responder }: OpenedHello, context: Uint8Array): Answer | undefined {
    const ephemeral = new X25519KeyPair(this.#random.bytes(noiseKeyBytes));
    const answer = responder.answer(ephemeral, digestOf(context));
    if (answer === undefined) return undefined;
    return { keyExchange: Buffer.concat([Uint8Array.of(mode.nnpsk0), answer.message]), keys: answer.keys };
  }

  /** What makes a refusal believed. */
  refuse({ key }: OpenedHello, hello: Said, context: Uint8Array): Uint8Array {
    return refusalOf(key, hello.keyExchange.subarray(1 + keyIdBytes), context);
  }
}

function refusalOf({ controlKey }: ClusterKey, helloMessage: Uint8Array, context: Uint8Array): Uint8Array {
  const sum = createHmac('sha256', controlKey).update(helloMessage).update(context).digest();
  return sum.subarray(0, digestBytes);
}

function digestOf(context: Uint8Array): Uint8Array {
  return createHash('sha256').update(context).digest().subarray(0, digestBytes);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
