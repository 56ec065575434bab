import type { Address } from '@simpledht/wire';

/**
 * The Transport port: how a node talks to other nodes. Implement it to run SimpleDHT over something else, and run
 * `@simpledht/transport/compliance` on the result.
 *
 * Addresses are opaque strings to everyone above; only the transport reads them. Payloads are opaque bytes, owned by
 * the callee once handed over: neither side changes them afterwards.
 */
export interface Transport {
  /**
   * Starts to listen. Rejects with `ERR_ADDRESS_IN_USE` or `ERR_BIND_FAILED`. Called once, before anything else; a second
   * call is `ERR_BIND_FAILED`.
   */
  open(handlers: TransportHandlers): Promise<void>;
  /** Where this transport listens; known after `open`. */
  readonly address: Address;
  /** Addresses of this machine under which others may reach `address`; for people to read. */
  readonly localAddresses: readonly Address[];
  /** Largest payload of `send`, in bytes. */
  readonly maxDatagramBytes: number;
  /** Largest payload of `request` and of its reply, in bytes. */
  readonly maxMessageBytes: number;
  /** Peers are authenticated and payloads are encrypted. */
  readonly secure: boolean;
  /**
   * Turns what a person wrote (`host:port`, `[::1]:5000`, a DNS name) into addresses. Rejects with
   * `ERR_INVALID_ADDRESS`: with a `cause` when looking the name up failed and may succeed later, else for good.
   */
  resolve(name: string): Promise<readonly Address[]>;
  /**
   * Best effort, one datagram: it arrives once, twice, late or never. Never throws for the network's sake or the
   * address's; throws `ERR_MESSAGE_TOO_LARGE` above `maxDatagramBytes`.
   */
  send(to: Address, payload: Uint8Array): void;
  /**
   * Reliable: delivered at most once whatever the network loses or repeats, answered once.
   * Rejects with `ERR_TIMEOUT`, `ERR_LINK_DOWN`, `ERR_CLOSED`, `ERR_LIMIT_REACHED`, `ERR_MESSAGE_TOO_LARGE`, or the
   * signal's reason; with `ERR_NOT_STARTED` before `open`. A rejected request may have run at the other side; aborting
   * does not call it back. Requests may overtake one another: a small one is not held up by long ones.
   */
  request(to: Address, payload: Uint8Array, options?: RequestOptions): Promise<Uint8Array>;
  /** Counters since `open`, by name; for metrics. */
  readonly counters: Readonly<Record<string, number>>;
  /** Rejects everything pending with `ERR_CLOSED`, tells peers, frees the port. Idempotent. */
  close(): Promise<void>;
}

export interface RequestOptions {
  /** How long to wait for the reply, ms. Default 5,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What the owner of a transport hears. A handler must not throw; what it throws is reported as an `error` event and dropped. */
/**
 * What a handler calls when a payload makes no sense to it. A transport may end its link to a peer that goes on so, and
 * one that cannot gives none.
 */
export type Blame = () => void;

export interface TransportHandlers {
  onDatagram(from: Address, payload: Uint8Array, blame?: Blame): void;
  /**
   * Answer by calling `reply` once, now or later; a second call is ignored, and so is one when the asker or this transport
   * is gone. It throws `ERR_MESSAGE_TOO_LARGE` above `maxMessageBytes`. Not answering lets the asker time out.
   */
  onRequest(from: Address, payload: Uint8Array, reply: (payload: Uint8Array) => void, blame?: Blame): void;
  onEvent(event: TransportEvent): void;
}

export type TransportEvent =
  /** A link to this address can carry messages. */
  | { readonly type: 'link-up'; readonly address: Address }
  /** The link is gone; requests pending on it were rejected. */
  | { readonly type: 'link-down'; readonly address: Address; readonly reason: string }
  /** The process at this address is a new one: what the old one was told is lost. */
  | { readonly type: 'link-restarted'; readonly address: Address }
  /** A link's send queue is over its bound, or under it again. */
  | { readonly type: 'backpressure'; readonly address: Address; readonly on: boolean }
  /** Asked for: a STUN server sees this transport at another address than the last one told. */
  | { readonly type: 'public-address'; readonly address: Address; readonly server: Address }
  /** Asked for: no STUN server has told an address; they are asked again later. */
  | { readonly type: 'public-address-failed'; readonly reason: string }
  /** A fault worth telling a person; the transport goes on. */
  | { readonly type: 'error'; readonly error: Error };
