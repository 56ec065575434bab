/** What a link asks of its shell, in order. `Ticket` is whatever the shell knows a request by. */
export type LinkEffect<Ticket extends object> =
  /** Send these bytes to the peer; nobody changes them afterwards. */
  | { readonly type: 'transmit'; readonly datagram: Uint8Array }
  /** The peer asks; answer with `reply(requestId, …)`, once, now or later. */
  | { readonly type: 'request'; readonly requestId: number; readonly payload: Uint8Array }
  | { readonly type: 'reply'; readonly ticket: Ticket; readonly payload: Uint8Array }
  | { readonly type: 'datagram'; readonly payload: Uint8Array }
  | { readonly type: 'backpressure'; readonly on: boolean }
  /** The link has ended; nothing comes after this. */
  | { readonly type: 'down'; readonly reason: LinkDownReason };

export type LinkDownReason =
  | 'closed'
  | 'closed by peer'
  | 'unreachable'
  | 'idle'
  | 'protocol error'
  | 'too much unanswered'
  | 'message not finished'
  | 'replaced'
  | 'peer restarted'
  | 'peer forgot the link'
  | 'no answer to the handshake'
  | 'refused: no common protocol version'
  | 'refused: too many links'
  | 'own address';

/** The peer did what no honest one does, or asked for more than it was allowed. */
export function isPeersFault(reason: LinkDownReason): boolean {
  return reason === 'protocol error' || reason === 'too much unanswered' || reason === 'message not finished';
}

/** What became of a received packet; everything but `taken` is counted and changed nothing. */
export type PacketOutcome = 'taken' | 'short' | 'tag' | 'repeated' | 'malformed' | 'reassemblyFull' | 'closed';
