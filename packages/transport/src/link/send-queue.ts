import type { ByteWriter } from '@simpledht/wire';
import { maxFragmentOverheadBytes, wholeMessageBytes, writeFragment, writeWholeMessage } from '@simpledht/wire';
import type { OutgoingMessage, Piece } from './outgoing-message.ts';
import type { OutgoingMessages } from './outgoing-messages.ts';
import { Queue } from './queue.ts';
import type { SentPacket } from './sent-packets.ts';

/** A fragment is not cut shorter than this, unless it is the last of its message. */
const minFragmentBytes = 256;

/**
 * Messages waiting to be sent, and pieces to be sent again. Bounded by the link (`maxQueuedBytes`, `maxPendingRequests`).
 *
 * Whole messages and fragments take turns in leading a packet, so that neither a long transfer, lost parts of it
 * included, nor a stream of small requests holds the other back. Of either kind what was lost goes first. Long messages
 * go one after the other: the receiver then never holds more than one that waits for credit.
 */
export class SendQueue<Ticket extends object> {
  /** To be sent again: whole messages, and parts of long ones. */
  readonly #wholeAgain = new Queue<Piece>();
  readonly #partsAgain = new Queue<Piece>();
  readonly #whole = new Queue<OutgoingMessage<Ticket>>();
  readonly #long = new Queue<OutgoingMessage<Ticket>>();
  readonly #messages: OutgoingMessages<Ticket>;
  /** The longest payload that is sent in one piece. */
  maxWholeBytes: number;
  #longLeads = false;

  constructor(messages: OutgoingMessages<Ticket>, maxWholeBytes: number) {
    this.#messages = messages;
    this.maxWholeBytes = maxWholeBytes;
  }

  push(message: OutgoingMessage<Ticket>): void {
    (message.payload.length <= this.maxWholeBytes ? this.#whole : this.#long).push(message);
  }

  /** Sends again what was in these packets; false when nothing of it is missing. */
  repeatAll(packets: readonly SentPacket[]): boolean {
    let repeats = false;
    for (const { pieces } of packets) {
      for (const piece of pieces) if (this.#repeat(piece)) repeats = true;
    }
    return repeats;
  }

  /** Something could be sent with `credit` bytes of fragments allowed. */
  hasWork(credit: number): boolean {
    this.#dropSettled();
    return (
      this.#wholeAgain.length > 0 ||
      this.#partsAgain.length > 0 ||
      this.#isReady(this.#whole.first) ||
      (this.#isReady(this.#long.first) && credit >= this.#leastFragmentBytes())
    );
  }

  /** Fills `writer` and notes the pieces; gives the bytes of new fragments, which use up credit. */
  fill(writer: ByteWriter, pieces: Piece[], credit: number): number {
    this.#dropSettled();
    let used = 0;
    if (this.#longLeads) used = this.#fillParts(writer, pieces, credit);
    this.#fillWhole(writer, pieces);
    if (!this.#longLeads) used = this.#fillParts(writer, pieces, credit);
    this.#longLeads = this.#whole.length + this.#wholeAgain.length > 0 && !this.#longLeads;
    return used;
  }

  #fillParts(writer: ByteWriter, pieces: Piece[], credit: number): number {
    fillAgain(this.#partsAgain, writer, pieces);
    return this.#partsAgain.length > 0 ? 0 : this.#fillLong(writer, pieces, credit);
  }

  /** False when it waits for that already or has arrived. */
  #repeat(piece: Piece): boolean {
    if (piece.acknowledged || piece.queued) return false;
    piece.queued = true;
    (isWhole(piece) ? this.#wholeAgain : this.#partsAgain).push(piece);
    return true;
  }

  #fillWhole(writer: ByteWriter, pieces: Piece[]): void {
    fillAgain(this.#wholeAgain, writer, pieces);
    if (this.#wholeAgain.length > 0) return;
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
    dropAcknowledged(this.#wholeAgain);
    dropAcknowledged(this.#partsAgain);
    while (this.#whole.first?.cancelled === true) this.#whole.shift();
    while (this.#long.first?.cancelled === true) this.#long.shift();
  }
}

function fillAgain(again: Queue<Piece>, writer: ByteWriter, pieces: Piece[]): void {
  for (let piece = again.first; piece !== undefined; piece = again.first) {
    if (!piece.acknowledged) {
      if (pieceBytes(piece) > writer.room) return;
      writePiece(writer, piece);
      pieces.push(piece);
    }
    piece.queued = false;
    again.shift();
  }
}

function dropAcknowledged(again: Queue<Piece>): void {
  for (let piece = again.first; piece?.acknowledged === true; piece = again.first) {
    piece.queued = false;
    again.shift();
  }
}

function cut<Ticket extends object>(message: OutgoingMessage<Ticket>, bytes: number): Piece {
  const offset = message.cutBytes;
  message.cutBytes += bytes;
  message.openPieces++;
  // Another view of the same bytes would cost more than the rest of a piece.
  const whole = bytes === message.payload.length;
  const payload = whole ? message.payload : message.payload.subarray(offset, offset + bytes);
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
