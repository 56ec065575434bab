import type { AckFrame, PacketHeader } from '@simpledht/wire';
import {
  ByteWriter,
  datagramFrameBytes,
  maxFragmentOverheadBytes,
  packetHeaderBytes,
  resetBytes,
  writeAck,
  writeClose,
  writeCredit,
  writeDatagram,
  writePacketHeader,
  writePadding,
  writePing,
} from '@simpledht/wire';
import type { Acknowledger } from './acknowledger.ts';
import { bufferCost } from './buffer-cost.ts';
import type { DatagramQueue } from './datagram-queue.ts';
import type { ReceiveCredit } from './flow-control.ts';
import { SendCredit } from './flow-control.ts';
import type { LinkParts, LinkPeer } from './link.ts';
import type { Piece } from './outgoing-message.ts';
import type { OutgoingMessages } from './outgoing-messages.ts';
import { Pacer } from './pacer.ts';
import type { Reassembly } from './reassembly.ts';
import { Recovery } from './recovery.ts';
import { SendQueue } from './send-queue.ts';
import type { SentPacket } from './sent-packets.ts';

interface LinkSenderParts<Ticket extends object> extends LinkParts {
  readonly peer: LinkPeer;
  readonly acknowledger: Acknowledger;
  readonly receiveCredit: ReceiveCredit;
  readonly reassembly: Reassembly;
  readonly messages: OutgoingMessages<Ticket>;
  readonly datagrams: DatagramQueue;
  readonly transmit: (datagram: Uint8Array) => void;
  readonly nowMs: number;
}

/** Linux's default, for a peer that did not say. */
const unknownReceiveBufferBytes = 212_992;

/** Part of the congestion window after which an acknowledgement is asked for while more waits. */
const askedPart = 1 / 4;

/** The sending half of an established link: what goes into which packet, and when. */
export class LinkSender<Ticket extends object> {
  readonly #parts: LinkSenderParts<Ticket>;
  readonly #recovery: Recovery;
  readonly #pacer: Pacer;
  readonly #queue: SendQueue<Ticket>;
  readonly #credit: SendCredit;
  /** For frames, in a packet. */
  readonly #room: number;
  #nextPacketNumber = 0;
  #nextOrdinal = 0;
  #sentMs: number;
  #keepaliveJitter = 1;
  /** Packets that may still be sent past the window, to ask for an acknowledgement. */
  #probesLeft = 0;
  #pingWanted = false;
  /** The window or the pacer, not a lack of data, ended the last flush. */
  #limited = false;
  #bytesSinceAsked = 0;
  #largestAcknowledged = -1;

  constructor(parts: LinkSenderParts<Ticket>) {
    const { settings, random, peer, sealer } = parts;
    const { datagramBytes, parameters } = peer;
    const receiveBufferBytes = parameters.receiveBufferBytes || unknownReceiveBufferBytes;
    this.#parts = parts;
    this.#sentMs = parts.nowMs;
    this.#recovery = new Recovery(settings, random, datagramBytes, receiveBufferBytes);
    this.#pacer = new Pacer(datagramBytes, receiveBufferBytes);
    if (peer.handshakeRttMs !== undefined) this.#recovery.rtt.sample(peer.handshakeRttMs, 0);
    this.#room = datagramBytes - packetHeaderBytes - sealer.tagBytes;
    this.#queue = new SendQueue(parts.messages, this.#room - maxFragmentOverheadBytes);
    this.#credit = new SendCredit(parameters.receiveWindowBytes);
  }

  wantPing(): void {
    this.#pingWanted = true;
  }

  /** Smoothed, ms. */
  get roundTripMs(): number {
    return this.#recovery.rtt.smoothedMs;
  }

  raiseCredit(limitBytes: number): void {
    this.#credit.raise(limitBytes);
  }

  flush(nowMs: number, linkCount: number): void {
    this.#takeFresh();
    this.#parts.sealer.turn?.(nowMs, this.#largestAcknowledged);
    this.#pacer.refill(nowMs, this.#windowCost, this.#recovery.rtt.smoothedMs, linkCount);
    let more = true;
    while (more) more = this.#sendOne(nowMs);
  }

  /** False when the frame acknowledges a packet that was never sent (RFC 9000 §13.1). */
  onAck(frame: AckFrame, nowMs: number): boolean {
    const largest = frame.ranges[0]?.last ?? 0;
    if (largest >= this.#nextPacketNumber) return false;
    this.#largestAcknowledged = Math.max(this.#largestAcknowledged, largest);
    const { acknowledged, lost } = this.#recovery.onAck(frame, this.#limited, nowMs);
    for (const packet of acknowledged) this.#onDelivered(packet);
    this.#sendAgain(lost);
    return true;
  }

  /** False when the peer has been silent for too long. */
  tick(nowMs: number, heardMs: number): boolean {
    const event = this.#recovery.onTick(nowMs, heardMs);
    if (event.type === 'unreachable') return false;
    if (event.type === 'lost') this.#sendAgain(event.packets);
    if (event.type === 'probe') {
      this.#probesLeft = event.packets;
      this.#parts.counters.probes++;
      for (const piece of event.oldest?.pieces ?? []) this.#queue.repeat(piece);
    }
    if (nowMs >= this.#pingDeadlineMs(heardMs)) this.#pingWanted = true;
    return true;
  }

  deadlineMs(heardMs: number): number {
    const acknowledgeMs = this.#parts.acknowledger.deadlineMs ?? Infinity;
    const recoveryMs = this.#recovery.deadlineMs ?? Infinity;
    return Math.min(acknowledgeMs, recoveryMs, this.#pacedMs, this.#pingDeadlineMs(heardMs));
  }

  sendClose(code: number, nowMs: number): void {
    const writer = this.#open();
    this.#writeAck(writer, nowMs);
    writeClose(writer, code);
    this.#finish(writer, false);
  }

  /** When the pacer lets the next packet go that the window would let go now. */
  get #pacedMs(): number {
    if (!this.#limited || !this.#recovery.congestion.hasRoom || this.#pacer.maySend) return Infinity;
    return this.#pacer.readyMs(this.#windowCost, this.#recovery.rtt.smoothedMs);
  }

  /** Keepalive; and while a reply is awaited for longer than half the idle time-out, a sign of life. */
  #pingDeadlineMs(heardMs: number): number {
    const { keepaliveMs, idleTimeoutMs } = this.#parts.settings;
    if (this.#recovery.inFlight > 0) return Infinity;
    const keepMs = keepaliveMs > 0 ? this.#sentMs + keepaliveMs * this.#keepaliveJitter : Infinity;
    const waits = this.#parts.messages.pendingRequests > 0;
    return waits ? Math.min(keepMs, Math.max(heardMs, this.#sentMs) + idleTimeoutMs / 2) : keepMs;
  }

  /** The congestion window in units of the receiver's buffer. */
  get #windowCost(): number {
    const { datagramBytes } = this.#parts.peer;
    return (this.#recovery.congestion.windowBytes / datagramBytes) * bufferCost(datagramBytes);
  }

  #takeFresh(): void {
    const { fresh } = this.#parts.messages;
    for (let message = fresh.shift(); message !== undefined; message = fresh.shift()) this.#queue.push(message);
  }

  #onDelivered(packet: SentPacket): void {
    if (packet.acknowledged >= 0) this.#parts.acknowledger.onSeen(packet.acknowledged);
    for (const piece of packet.pieces) {
      if (piece.acknowledged) continue;
      piece.acknowledged = true;
      const { message } = piece;
      message.openPieces--;
      const delivered = message.openPieces === 0 && message.cutBytes === message.payload.length;
      if (delivered) this.#parts.messages.onDelivered(message);
    }
  }

  #sendAgain(lost: readonly SentPacket[]): void {
    this.#parts.counters.packetsLost += lost.length;
    for (const packet of lost) {
      for (const piece of packet.pieces) this.#queue.repeat(piece);
      if (packet.credit) this.#parts.receiveCredit.onLost();
    }
  }

  /** Builds and sends one packet; false when there is nothing that may be sent now. */
  #sendOne(nowMs: number): boolean {
    const { acknowledger, receiveCredit, reassembly, datagrams } = this.#parts;
    const mayProgress = this.#probesLeft > 0 || (this.#recovery.congestion.hasRoom && this.#pacer.maySend);
    const hasWork = this.#queue.hasWork(this.#credit.leftBytes);
    const ping = this.#pingWanted || (this.#probesLeft > 0 && !hasWork);
    const credit = receiveCredit.isDue(reassembly.bytes);
    this.#limited = hasWork && !mayProgress;
    const work = hasWork && mayProgress;
    if (!work && !ping && !credit && datagrams.length === 0 && !acknowledger.isDue(nowMs)) return false;

    return this.#sendPacket({ work, ping, credit }, nowMs);
  }

  #sendPacket(
    wanted: { readonly work: boolean; readonly ping: boolean; readonly credit: boolean },
    nowMs: number,
  ): boolean {
    const { receiveCredit, reassembly } = this.#parts;
    const { work, ping, credit } = wanted;
    const writer = this.#open();
    const start = writer.offset;
    const acknowledged = this.#writeAck(writer, nowMs);
    if (credit) writeCredit(writer, receiveCredit.grant(reassembly.bytes));
    this.#writeDatagrams(writer);
    const pieces: Piece[] = [];
    if (work) this.#credit.use(this.#queue.fill(writer, pieces, this.#credit.leftBytes));
    if (ping && writer.room > 0) writePing(writer);
    if (writer.offset === start) return false;
    const elicits = credit || ping || pieces.length > 0;
    if (elicits) writePadding(writer, start - packetHeaderBytes + resetBytes - this.#parts.sealer.tagBytes);
    const bytes = this.#finish(writer, elicits && this.#asksNow());
    this.#sentMs = nowMs;
    if (elicits) this.#track({ bytes, pieces, credit, acknowledged }, nowMs);
    return true;
  }

  #writeDatagrams(writer: ByteWriter): void {
    const { datagrams } = this.#parts;
    for (let payload = datagrams.first; payload !== undefined; payload = datagrams.first) {
      const bytes = datagramFrameBytes(payload.length);
      if (bytes > this.#room) datagrams.drop();
      else if (bytes > writer.room) return;
      else {
        writeDatagram(writer, payload);
        datagrams.shift();
      }
    }
  }

  /** Gives the largest packet number acknowledged, or -1. */
  #writeAck(writer: ByteWriter, nowMs: number): number {
    const { acknowledger } = this.#parts;
    if (!acknowledger.pending) return -1;
    const { largest, ranges } = acknowledger;
    writeAck(writer, ranges, acknowledger.onSent(nowMs));
    return largest;
  }

  /** Half-empty windows are acknowledged in the sender's own time; a window that fills up waits for nothing else. */
  #asksNow(): boolean {
    const { congestion } = this.#recovery;
    if (this.#probesLeft > 0) return true;
    const part = this.#bytesSinceAsked >= congestion.windowBytes * askedPart;
    const filled = congestion.inFlightBytes + 2 * this.#parts.peer.datagramBytes > congestion.windowBytes;
    return part || filled;
  }

  #open(): ByteWriter {
    const { arena, peer, sealer } = this.#parts;
    const start = arena.reserve(peer.datagramBytes);
    return new ByteWriter(arena.slab, start + packetHeaderBytes, start + peer.datagramBytes - sealer.tagBytes);
  }

  /** Heads, seals and sends the packet in `writer`; gives its length. */
  #finish(writer: ByteWriter, acknowledgeNow: boolean): number {
    const { arena, sealer, transmit, peer } = this.#parts;
    const start = arena.start;
    const packetNumber = this.#nextPacketNumber++;
    const header: PacketHeader = { acknowledgeNow, connectionId: peer.connectionId, packetNumber };
    writePacketHeader(new ByteWriter(writer.bytes, start), header);
    const packet = arena.commit(writer.offset + sealer.tagBytes);
    sealer.seal(packet, packetHeaderBytes, packetNumber);
    this.#bytesSinceAsked = acknowledgeNow ? 0 : this.#bytesSinceAsked + packet.length;
    transmit(packet);
    return packet.length;
  }

  #track(sent: Pick<SentPacket, 'bytes' | 'pieces' | 'credit' | 'acknowledged'>, nowMs: number): void {
    const packet: SentPacket = {
      number: this.#nextPacketNumber - 1,
      ordinal: this.#nextOrdinal++,
      sentMs: nowMs,
      bytes: sent.bytes,
      cost: bufferCost(sent.bytes),
      pieces: sent.pieces,
      credit: sent.credit,
      acknowledged: sent.acknowledged,
      settled: false,
    };
    if (this.#probesLeft > 0) this.#probesLeft--;
    this.#pingWanted = false;
    if (this.#parts.settings.keepaliveMs > 0) this.#keepaliveJitter = 0.9 + 0.2 * this.#parts.random.next();
    this.#recovery.onSent(packet);
    this.#pacer.onSent(packet.cost);
  }
}
