import { SymmetricState } from './noise.ts';
import type { X25519KeyPair } from './x25519.ts';
import { x25519Bytes } from './x25519.ts';

/** Keys of a link's two directions. */
export interface LinkKeys {
  readonly send: Uint8Array;
  readonly receive: Uint8Array;
}

/** What both sides have to know before the first message. */
export interface Agreed {
  /** The shared secret, 32 bytes. */
  readonly psk: Uint8Array;
  /** Said outside of the handshake, and authenticated by it. */
  readonly prologue: Uint8Array;
}

/** Who speaks first: `-> psk, e` and `<- e, ee` (Noise §9.4). */
export class Initiator {
  /** Message 1. */
  readonly message: Uint8Array;
  readonly #state: SymmetricState;
  readonly #ephemeral: X25519KeyPair;

  constructor({ psk, prologue }: Agreed, ephemeral: X25519KeyPair, payload: Uint8Array) {
    this.#state = begin(psk, prologue);
    this.#ephemeral = ephemeral;
    mixEphemeral(this.#state, ephemeral.publicKey);
    this.message = Buffer.concat([ephemeral.publicKey, this.#state.encryptAndHash(payload)]);
  }

  /** Takes message 2; `undefined` when it does not belong to message 1, which may still be answered by another. */
  finish(message: Uint8Array): { readonly payload: Uint8Array; readonly keys: LinkKeys } | undefined {
    if (message.length < x25519Bytes) return undefined;
    const state = this.#state.copy();
    const theirs = message.subarray(0, x25519Bytes);
    mixEphemeral(state, theirs);
    const shared = this.#ephemeral.agree(theirs);
    if (shared === undefined) return undefined;
    state.mixKey(shared);
    const payload = state.decryptAndHash(message.subarray(x25519Bytes));
    if (payload === undefined) return undefined;
    const [send, receive] = state.split();
    return { payload, keys: { send, receive } };
  }
}

/** Who answers. Nothing is agreed on and no key made before `answer`. */
export class Responder {
  readonly payload: Uint8Array;
  readonly #state: SymmetricState;
  readonly #theirs: Uint8Array;

  private constructor(state: SymmetricState, theirs: Uint8Array, payload: Uint8Array) {
    this.#state = state;
    this.#theirs = theirs;
    this.payload = payload;
  }

  /** `undefined` when message 1 was not made with this secret and prologue. */
  static read({ psk, prologue }: Agreed, message: Uint8Array): Responder | undefined {
    if (message.length < x25519Bytes) return undefined;
    const state = begin(psk, prologue);
    const theirs = message.slice(0, x25519Bytes);
    mixEphemeral(state, theirs);
    const payload = state.decryptAndHash(message.subarray(x25519Bytes));
    return payload === undefined ? undefined : new Responder(state, theirs, payload);
  }

  /** Message 2; `undefined` when the other side's key is one that nobody makes by chance. */
  answer(
    ephemeral: X25519KeyPair,
    payload: Uint8Array,
  ): { readonly message: Uint8Array; readonly keys: LinkKeys } | undefined {
    const state = this.#state.copy();
    mixEphemeral(state, ephemeral.publicKey);
    const shared = ephemeral.agree(this.#theirs);
    if (shared === undefined) return undefined;
    state.mixKey(shared);
    const message = Buffer.concat([ephemeral.publicKey, state.encryptAndHash(payload)]);
    const [receive, send] = state.split();
    return { message, keys: { send, receive } };
  }
}

function begin(psk: Uint8Array, prologue: Uint8Array): SymmetricState {
  const state = new SymmetricState();
  state.mixHash(prologue);
  state.mixKeyAndHash(psk);
  return state;
}

/** With a psk an ephemeral key is mixed into the key as well (Noise §9.2), so that no two handshakes share one. */
function mixEphemeral(state: SymmetricState, publicKey: Uint8Array): void {
  state.mixHash(publicKey);
  state.mixKey(publicKey);
}
