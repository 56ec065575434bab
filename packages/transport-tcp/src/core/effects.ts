import type { Hello } from './hello.ts';

/** Why bytes or frames were dropped. Each is counted as `dropped.<reason>`. */
export type DropReason =
  /** The first bytes are no hello: something else speaks, or to something else. */
  | 'foreign'
  /** Of another cluster. */
  | 'cluster'
  /** No common protocol version. */
  | 'version'
  /** It has not said who it is in time. */
  | 'helloTimeout'
  /** Bytes after the hello that are no frames, or frames that may not come. */
  | 'malformed'
  /** Messages in parts for which there was no room. */
  | 'partialFull'
  /** Messages longer than `maxMessageBytes`. */
  | 'tooLarge'
  /** Connections above `maxConnections` or `maxPendingHandshakes`. */
  | 'full'
  /** Connections above a bound for one source. */
  | 'source'
  /** TLS that did not come about: no certificate, a wrong one, or no TLS. */
  | 'tls';

/** Why a connection is over, for people and for `link-down`. */
export type DownReason =
  | 'closed'
  | 'closed by the peer'
  | 'idle'
  | 'no answer'
  | 'the peer takes nothing'
  | 'not connected in time'
  | 'no hello in time'
  | 'refused: another cluster'
  | 'refused: no common protocol version'
  | 'refused: too many links'
  | 'not our protocol'
  | 'own address'
  | 'replaced'
  | 'peer restarted'
  | 'connection refused'
  | 'unreachable'
  | 'TLS failed'
  | 'connection lost';

/** What a connection wants done. `Ticket` stands for a request of this side. */
export type ConnectionEffect<Ticket> =
  /** The peer has said who it is; `accept` or `close` is to follow. */
  | { readonly type: 'hello'; readonly hello: Hello }
  | { readonly type: 'request'; readonly id: number; readonly payload: Uint8Array }
  | { readonly type: 'reply'; readonly ticket: Ticket; readonly payload: Uint8Array }
  /** The request, or its reply, was dropped by a bound. */
  | { readonly type: 'refused'; readonly ticket: Ticket; readonly tooLarge: boolean }
  | { readonly type: 'datagram'; readonly payload: Uint8Array }
  | { readonly type: 'backpressure'; readonly on: boolean }
  /** It has proved that it lives after `challenge`. */
  | { readonly type: 'alive' }
  /** Both sides are done with it; it may be closed. */
  | { readonly type: 'drained' }
  | { readonly type: 'down'; readonly reason: DownReason };
