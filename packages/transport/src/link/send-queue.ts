import type { ByteWriter } from '@simpledht/wire';
import { maxFragmentOverheadBytes, wholeMessageBytes, writeFragment, writeWholeMessage } from '@simpledht/wire';
import type { OutgoingMessage, Piece } from './outgoing-message.ts';
import type { OutgoingMessages } from './outgoing-messages.ts';
import { Queue } from './queue.ts';

/** A fragment is not cut shorter than this, unless it is the last of its message. */
const minFragmentBytes = 256;

/**
 * Messages waiting to be sent, and pieces to be sent again. Bounded by the link (`maxQueuedBytes`, `maxPendingRequests`).
 *
 * Lost pieces go first. Whole messages and fragments then take turns in leading a packet, so that neither a long
 * transfer nor a stream of small requests holds the other back. Long messages go one after the other: the receiver
 * then never holds more than one that waits for credit.
 */
export class SendQueue<Ticket extends object> {
  readonly #again = new Queue<Piece>();
  readonly #whole = new Queue<OutgoingMessage<Ticket>>();
  readonly #long = new Queue<OutgoingMessage<Ticket>>();
  readonly #messages: OutgoingMessages<Ticket>;
  readonly #maxWholeBytes: number;
  #longLeads = false;

  /** `maxWholeBytes`: the longest payload that is sent in one piece. */
  constructor(messages: OutgoingMessages<Ticket>, maxWholeBytes: number) {
    this.#messages = messages;
    this.#maxWholeBytes = maxWholeBytes;
  }

  push(message: OutgoingMessage<Ticket>): void {
    (message.payload.length <= this.#maxWholeBytes ? this.#whole : this.#long).push(message);
  }

  /** Sends a piece again, unless it waits for that already or has arrived. */
  repeat(piece: Piece): void {
    if (piece.acknowledged || piece.queued) return;
    piece.queued = true;
    this.#again.push(piece);
  }

  /** Something could be sent with `credit` bytes of fragments allowed. */
  hasWork(credit: number): boolean {
    this.#dropSettled();
    return (
      this.#again.length > 0 ||
      this.#isReady(this.#whole.first) ||
      (this.#isReady(this.#long.first) && credit >= this.#leastFragmentBytes())
    );
  }

  /** Fills `writer` and notes the pieces; gives the bytes of new fragments, which use up credit. */
  fill(writer: ByteWriter, pieces: Piece[], credit: number): number {
    this.#dropSettled();
    this.#fillAgain(writer, pieces);
    if (this.#again.length > 0) return 0;
    let used = 0;
    if (this.#longLeads) used = this.#fillLong(writer, pieces, credit);
    this.#fillWhole(writer, pieces);
    if (!this.#longLeads) used = this.#fillLong(writer, pieces, credit);
    this.#longLeads = this.#whole.length > 0 && !this.#longLeads;
    return used;
  }

  #fillAgain(writer: ByteWriter, pieces: Piece[]): void {
    for (let piece = this.#again.first; piece !== undefined; piece = this.#again.first) {
      if (!piece.acknowledged) {
        if (pieceBytes(piece) > writer.room) return;
        writePiece(writer, piece);
        pieces.push(piece);
      }
      piece.queued = false;
      this.#again.shift();
    }
  }

  #fillWhole(writer: ByteWriter, pieces: Piece[]): void {
    for (let message = this.#whole.first; message !== undefined; message = this.#whole.first) {
      if (!message.cancelled) {
        if (!this.#isReady(message)) return;
        const id = message.requestId < 0 ? this.#messages.nextRequestId : message.requestId;
        if (wholeMessageBytes(id, message.payload.length) > writer.room) return;
        this.#number(message);
        pieces.push(cut(message, message.payload.length));
        writeWholeMessage(writer, message.kind, message.requestId, message.payload);
      }
      this.#whole.shift();
    }
  }

  #fillLong(writer: ByteWriter, pieces: Piece[], credit: number): number {
    let left = credit;
    for (let message = this.#long.first; message !== undefined; message = this.#long.first) {
      if (!message.cancelled) {
        if (!this.#isReady(message)) break;
        const rest = message.payload.length - message.cutBytes;
        const bytes = Math.min(rest, left, writer.room - maxFragmentOverheadBytes);
        if (bytes <= 0 || (bytes < minFragmentBytes && bytes < rest)) break;
        this.#number(message);
        const piece = cut(message, bytes);
        writePiece(writer, piece);
        pieces.push(piece);
        left -= bytes;
        if (message.cutBytes < message.payload.length) break;
      }
      this.#long.shift();
    }
    return credit - left;
  }

  #leastFragmentBytes(): number {
    const message = this.#long.first;
    return Math.min(minFragmentBytes, (message?.payload.length ?? 0) - (message?.cutBytes ?? 0));
  }

  #isReady(message: OutgoingMessage<Ticket> | undefined): boolean {
    if (message === undefined) return false;
    return message.requestId >= 0 || this.#messages.mayNumber;
  }

  #number(message: OutgoingMessage<Ticket>): void {
    if (message.requestId < 0) this.#messages.number(message);
  }

  #dropSettled(): void {
    for (let piece = this.#again.first; piece?.acknowledged === true; piece = this.#again.first) {
      piece.queued = false;
      this.#again.shift();
    }
    while (this.#whole.first?.cancelled === true) this.#whole.shift();
    while (this.#long.first?.cancelled === true) this.#long.shift();
  }
}

function cut<Ticket extends object>(message: OutgoingMessage<Ticket>, bytes: number): Piece {
  const offset = message.cutBytes;
  message.cutBytes += bytes;
  message.openPieces++;
  const payload = message.payload.subarray(offset, offset + bytes);
  return { message, offset, payload, acknowledged: false, queued: false };
}

function isWhole(piece: Piece): boolean {
  return piece.payload.length === piece.message.payload.length;
}

function pieceBytes(piece: Piece): number {
  return isWhole(piece)
    ? wholeMessageBytes(piece.message.requestId, piece.payload.length)
    : maxFragmentOverheadBytes + piece.payload.length;
}

function writePiece(writer: ByteWriter, piece: Piece): void {
  const { kind, requestId, payload: whole } = piece.message;
  if (isWhole(piece)) writeWholeMessage(writer, kind, requestId, piece.payload);
  else {
    const { offset, payload } = piece;
    writeFragment(writer, { kind, requestId, offset, totalBytes: whole.length, payload });
  }
}
