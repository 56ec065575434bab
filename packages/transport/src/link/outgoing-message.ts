import type { MessageFrameKind } from '@simpledht/wire';

/** A request or reply on its way out. `Ticket` is whatever the caller knows a request by. */
export interface OutgoingMessage<Ticket extends object> {
  readonly kind: MessageFrameKind;
  readonly payload: Uint8Array;
  /** Of a request; `undefined` for a reply. */
  readonly ticket: Ticket | undefined;
  /** Of a request: given when its first byte leaves, so that the ids on the wire have no gaps. -1 before. */
  requestId: number;
  /** Bytes cut into pieces so far. */
  cutBytes: number;
  /** Pieces that are out and not acknowledged. */
  openPieces: number;
  /** The caller gave up before anything of it was sent. */
  cancelled: boolean;
}

/** The part of a message that one packet carries. It is sent again as it is, so that parts never overlap. */
export interface Piece {
  readonly message: OutgoingMessage<object>;
  readonly offset: number;
  readonly payload: Uint8Array;
  acknowledged: boolean;
  /** Waits to be sent again. */
  queued: boolean;
}
