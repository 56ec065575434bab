import type { AckFrame, PacketHeader } from '@simpledht/wire';
import {
  ByteWriter,
  maxFragmentOverheadBytes,
  packetHeaderBytes,
  resetBytes,
  writeAck,
  writeClose,
  writeCredit,
  writePacketHeader,
  writePadding,
  writePing,
} from '@simpledht/wire';
import { AckRequests } from './ack-requests.ts';
import type { Acknowledger } from './acknowledger.ts';
import { bufferCost } from './buffer-cost.ts';
import type { DatagramQueue } from './datagram-queue.ts';
import { DatagramSize } from './datagram-size.ts';
import type { ReceiveCredit } from './flow-control.ts';
import { SendCredit } from './flow-control.ts';
import { Keepalive } from './keepalive.ts';
import type { LinkParts, LinkPeer } from './link.ts';
import type { Piece } from './outgoing-message.ts';
import type { OutgoingMessages } from './outgoing-messages.ts';
import { Pacer } from './pacer.ts';
import type { Reassembly } from './reassembly.ts';
import type { Loss } from './recovery.ts';
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

/** The sending half of an established link: what goes into which packet, and when. */
export class LinkSender<Ticket extends object> {
  readonly #parts: LinkSenderParts<Ticket>;
  readonly #recovery: Recovery;
  readonly #pacer: Pacer;
  readonly #queue: SendQueue<Ticket>;
  readonly #credit: SendCredit;
  readonly #size: DatagramSize;
  readonly #keepalive: Keepalive;
  readonly #ackRequests: AckRequests;
  #nextPacketNumber = 0;
  #nextOrdinal = 0;
  /** Packets that may still be sent past the window, to ask for an acknowledgement. */
  #probesLeft = 0;
  #pingWanted = false;
  /** The window or the pacer, not a lack of data, ended the last flush. */
  #limited = false;

  constructor(parts: LinkSenderParts<Ticket>) {
    const { settings, random, peer } = parts;
    const { parameters } = peer;
    const receiveBufferBytes = parameters.receiveBufferBytes || unknownReceiveBufferBytes;
    this.#parts = parts;
    this.#keepalive = new Keepalive(settings, random, parts.nowMs);
    this.#size = new DatagramSize(peer.datagramBytes);
    this.#recovery = new Recovery(settings, random, this.#size.bytes, receiveBufferBytes);
    this.#ackRequests = new AckRequests(this.#recovery.congestion);
    this.#pacer = new Pacer(this.#size.bytes, receiveBufferBytes);
    if (peer.handshakeRttMs !== undefined) this.#recovery.onHandshake(peer.handshakeRttMs, parts.nowMs);
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
    this.#parts.sealer.turn?.(nowMs, this.#recovery.largestAcknowledged);
    this.#pacer.refill(nowMs, this.#windowCost, this.#recovery.rtt.smoothedMs, linkCount);
    let sent = 0;
    while (this.#sendOne(nowMs)) sent++;
    // What fills more than one packet gains by larger ones.
    if (sent > 1 || this.#limited) this.#probeSize(nowMs);
  }

  /** False when the frame acknowledges a packet that was never sent (RFC 9000 §13.1). */
  onAck(frame: AckFrame, nowMs: number): boolean {
    if ((frame.ranges[0]?.last ?? 0) >= this.#nextPacketNumber) return false;
    const { acknowledged, loss } = this.#recovery.onAck(frame, this.#limited, nowMs);
    for (const packet of acknowledged) this.#onDelivered(packet);
    this.#sendAgain(loss);
    return true;
  }

  /** False when the peer has been silent for too long. */
  tick(nowMs: number, heardMs: number): boolean {
    const event = this.#recovery.onTick(nowMs, heardMs);
    if (event.type === 'unreachable') return false;
    if (event.type === 'lost') this.#sendAgain(event.loss);
    if (event.type === 'probe') {
      this.#probesLeft = event.packets;
      this.#parts.counters.probes++;
      this.#queue.repeatAll(event.oldest);
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

  #pingDeadlineMs(heardMs: number): number {
    if (this.#recovery.inFlight > 0) return Infinity;
    return this.#keepalive.deadlineMs(heardMs, this.#parts.messages.pendingRequests > 0);
  }

  /** The congestion window in units of the receiver's buffer. */
  get #windowCost(): number {
    const { bytes } = this.#size;
    return (this.#recovery.congestion.windowBytes / bytes) * bufferCost(bytes);
  }

  /** For frames, in a packet. */
  get #room(): number {
    return this.#size.bytes - packetHeaderBytes - this.#parts.sealer.tagBytes;
  }

  #takeFresh(): void {
    const { fresh } = this.#parts.messages;
    for (let message = fresh.shift(); message !== undefined; message = fresh.shift()) this.#queue.push(message);
  }

  #onDelivered(packet: SentPacket): void {
    if (packet.forSize) this.#enlargeDatagrams();
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

  #sendAgain({ packets, reduced }: Loss): void {
    this.#parts.counters.packetsLost += packets.length;
    const repeats = this.#queue.repeatAll(packets);
    if (reduced && repeats) this.#probesLeft = Math.max(this.#probesLeft, 1);
    for (const { credit, forSize } of packets) {
      if (credit) this.#parts.receiveCredit.onLost();
      if (forSize) this.#size.onProbeLost();
    }
  }

  #enlargeDatagrams(): void {
    this.#size.onProbeArrived();
    this.#recovery.congestion.enlargeDatagrams(this.#size.bytes);
    this.#pacer.enlargeDatagrams(this.#size.bytes);
    this.#queue.maxWholeBytes = this.#room - maxFragmentOverheadBytes;
  }

  /** Not counted as in flight: a path that swallows it must not hold up the rest. */
  #probeSize(nowMs: number): void {
    const bytes = this.#size.probe();
    if (bytes === undefined) return;
    const writer = this.#open(bytes);
    writePing(writer);
    writePadding(writer, writer.offset + writer.room);
    this.#finish(writer, true);
    this.#track({ bytes: 0, pieces: [], credit: false, acknowledged: -1, forSize: true }, nowMs);
  }

  /** Builds and sends one packet; false when there is nothing that may be sent now. */
  #sendOne(nowMs: number): boolean {
    const { acknowledger, receiveCredit, reassembly, datagrams } = this.#parts;
    const { hasRoom } = this.#recovery.congestion;
    const mayProgress = this.#probesLeft > 0 || (hasRoom && this.#pacer.maySend);
    const hasWork = this.#hasWork();
    const ping = (this.#pingWanted && hasRoom) || (this.#probesLeft > 0 && !hasWork);
    const credit = hasRoom && receiveCredit.isDue(reassembly.bytes);
    this.#limited = hasWork && !mayProgress;
    const work = hasWork && mayProgress;
    if (!work && !ping && !credit && datagrams.length === 0 && !acknowledger.isDue(nowMs)) return false;

    return this.#sendPacket({ work, ping, credit }, nowMs);
  }

  /** A probe with nothing else to carry repeats the oldest packet: it asks, and may be what is missing (§6.2.4). */
  #hasWork(): boolean {
    const hasWork = this.#queue.hasWork(this.#credit.leftBytes);
    return hasWork || (this.#probesLeft > 0 && this.#queue.repeatAll(this.#recovery.oldest));
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
    this.#parts.datagrams.fill(writer, this.#room);
    const pieces: Piece[] = [];
    if (work) this.#credit.use(this.#queue.fill(writer, pieces, this.#credit.leftBytes));
    if (ping && writer.room > 0) writePing(writer);
    if (writer.offset === start) return false;
    const elicits = credit || ping || pieces.length > 0;
    if (elicits) writePadding(writer, start - packetHeaderBytes + resetBytes - this.#parts.sealer.tagBytes);
    const bytes = this.#finish(writer, elicits && (this.#probesLeft > 0 || this.#ackRequests.isDue));
    this.#keepalive.onSent(elicits, nowMs);
    if (elicits) this.#track({ bytes, pieces, credit, acknowledged, forSize: false }, nowMs);
    return true;
  }

  /** Gives the largest packet number acknowledged, or -1. */
  #writeAck(writer: ByteWriter, nowMs: number): number {
    const { acknowledger } = this.#parts;
    if (!acknowledger.pending) return -1;
    const { largest, ranges } = acknowledger;
    writeAck(writer, ranges, acknowledger.onSent(nowMs));
    return largest;
  }

  #open(datagramBytes: number = this.#size.bytes): ByteWriter {
    const { arena, sealer } = this.#parts;
    const start = arena.reserve(datagramBytes);
    return new ByteWriter(arena.slab, start + packetHeaderBytes, start + datagramBytes - sealer.tagBytes);
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
    this.#ackRequests.onSent(packet.length, acknowledgeNow);
    transmit(packet);
    return packet.length;
  }

  #track(sent: Pick<SentPacket, 'bytes' | 'pieces' | 'credit' | 'acknowledged' | 'forSize'>, nowMs: number): void {
    const { bytes, pieces, credit, acknowledged, forSize } = sent;
    // No spread: it would make a slow object of what every packet has one of.
    const packet: SentPacket = {
      number: this.#nextPacketNumber - 1,
      ordinal: this.#nextOrdinal++,
      sentMs: nowMs,
      bytes,
      cost: forSize ? 0 : bufferCost(bytes),
      pieces,
      credit,
      acknowledged,
      forSize,
      settled: false,
    };
    if (this.#probesLeft > 0) this.#probesLeft--;
    this.#pingWanted = false;
    this.#recovery.onSent(packet);
    this.#pacer.onSent(packet.cost);
  }
}
