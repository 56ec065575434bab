import type { AckFrame, Frame, LinkParameters, MessageFrame, Sealer } from '@simpledht/wire';
import {
  closeCode,
  packetHeaderBytes,
  readFrames,
  readPacketHeader,
  SimpleDHTError,
  unknownFrameText,
} from '@simpledht/wire';
import type { Random } from '../random.ts';
import { Acknowledger } from './acknowledger.ts';
import { DatagramQueue } from './datagram-queue.ts';
import { ReceiveCredit } from './flow-control.ts';
import type { LinkCounters } from './link-counters.ts';
import type { LinkDownReason, LinkEffect, PacketOutcome } from './link-effects.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import type { PacketArena } from './packet-arena.ts';
import { LinkSender } from './link-sender.ts';
import { OutgoingMessages } from './outgoing-messages.ts';
import { Reassembly } from './reassembly.ts';
import type { ReassemblyBudget } from './reassembly-budget.ts';
import { RequestWindow } from './request-window.ts';
import type { LinkSettings } from './settings.ts';

/** What a link is made of; the same arena and budget may serve all links of a transport. */
export interface LinkParts {
  readonly settings: LinkSettings;
  readonly sealer: Sealer;
  readonly random: Random;
  readonly arena: PacketArena;
  readonly budget: ReassemblyBudget;
  readonly counters: LinkCounters;
}

/** Where the peer is and what it takes; known after the handshake. */
export interface LinkPeer {
  /** The peer's connection id. */
  readonly connectionId: number;
  readonly parameters: LinkParameters;
  /** Largest datagram to send. */
  readonly datagramBytes: number;
  /** Round trip of the handshake, if one packet was answered by one. */
  readonly handshakeRttMs: number | undefined;
}

/**
 * One side of a link: reliable requests and replies, and best-effort payloads, over datagrams that get lost.
 *
 * It does nothing by itself. Feed it packets (`receive`) and calls, then `flush` once per turn, carry out what `take`
 * gives, and call `tick` at `deadline()`. All times are monotonic milliseconds. Messages given before `establish` wait.
 *
 * Invariants: 1. a packet number is used once; 2. a request is handed over at most once, and its id is below the
 * window's limit; 3. a reply is handed over only for a request of this link that has none yet; 4. what is queued and
 * held is bounded by `settings`; 5. after `down` nothing is sent, taken or handed over.
 */
export class Link<Ticket extends object> {
  readonly #parts: LinkParts;
  readonly #effects: LinkEffect<Ticket>[] = [];
  readonly #acknowledger: Acknowledger;
  readonly #receivedRequests = new RequestWindow();
  readonly #reassembly: Reassembly;
  readonly #receiveCredit: ReceiveCredit;
  readonly #messages: OutgoingMessages<Ticket>;
  readonly #datagrams: DatagramQueue;
  #sender: LinkSender<Ticket> | undefined;
  #down = false;
  #heardMs = 0;
  /** Until when the peer has to be heard, if somebody says that it forgot the link. */
  #suspectUntilMs = Infinity;

  constructor(parts: LinkParts) {
    const { settings } = parts;
    this.#parts = parts;
    this.#acknowledger = new Acknowledger(settings);
    // Three times, because parts may be short, with datagrams of 512 bytes: see the overhead that Reassembly counts.
    const maxCost = 3 * (settings.maxMessageBytes + settings.receiveWindowBytes);
    this.#reassembly = new Reassembly(parts.budget, settings.maxMessageBytes, maxCost);
    this.#receiveCredit = new ReceiveCredit(settings.receiveWindowBytes, settings.maxMessageBytes);
    this.#messages = new OutgoingMessages(settings, this.#effects);
    this.#datagrams = new DatagramQueue(settings.maxQueuedDatagrams, parts.counters);
  }

  get isDown(): boolean {
    return this.#down;
  }

  /** When the peer was last heard, for whoever must choose a link to drop. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** Nothing is waiting, in flight or unanswered, on either side. */
  get isQuiet(): boolean {
    return this.#messages.isEmpty && this.#datagrams.length === 0;
  }

  /** The handshake is done. `confirm`: the peer does not know it yet and is told by a packet at once. */
  establish(peer: LinkPeer, confirm: boolean, nowMs: number): void {
    this.#heardMs = nowMs;
    this.#sender = new LinkSender({
      ...this.#parts,
      peer,
      acknowledger: this.#acknowledger,
      receiveCredit: this.#receiveCredit,
      reassembly: this.#reassembly,
      messages: this.#messages,
      datagrams: this.#datagrams,
      transmit: (datagram) => this.#effects.push({ type: 'transmit', datagram }),
      nowMs,
    });
    if (confirm) this.#sender.wantPing();
  }

  /** Somebody, and maybe not the peer, says that the peer knows the link no more: it is asked, and has to answer soon. */
  suspect(nowMs: number): void {
    if (this.#down || this.#sender === undefined || this.#suspectUntilMs !== Infinity) return;
    this.#suspectUntilMs = nowMs + this.#parts.settings.suspicionMs + 3 * this.#sender.roundTripMs;
    this.#sender.wantPing();
  }

  /** Queues a request; `undefined` when the link's bounds refuse it. Its reply comes as an effect with `ticket`. */
  request(ticket: Ticket, payload: Uint8Array): OutgoingMessage<Ticket> | undefined {
    return this.#messages.request(ticket, payload);
  }

  /** The caller wants no reply any more. A request that has not left is not sent. */
  cancel(request: OutgoingMessage<Ticket>): void {
    const requestId = this.#messages.cancel(request);
    if (requestId !== undefined) this.#reassembly.forget('reply', requestId);
  }

  reply(requestId: number, payload: Uint8Array): void {
    if (!this.#down) this.#messages.reply(requestId, payload);
  }

  datagram(payload: Uint8Array): void {
    this.#datagrams.push(payload);
  }

  /** A packet with this link's connection id, from its peer's address. The bytes are the link's from now on. */
  receive(packet: Uint8Array, nowMs: number): PacketOutcome {
    const { sealer } = this.#parts;
    if (this.#down) return 'closed';
    if (packet.length < packetHeaderBytes + sealer.tagBytes) return 'short';
    const { packetNumber, acknowledgeNow } = readPacketHeader(packet);
    if (!sealer.open(packet, packetHeaderBytes, packetNumber)) return 'tag';
    if (this.#acknowledger.isRepeated(packetNumber)) return 'repeated';
    const frames = this.#parse(packet, nowMs);
    if (frames === undefined) return 'malformed';
    const fragmentBytes = bytesOfFragments(frames);
    if (fragmentBytes > 0 && !this.#reassembly.hasRoom(fragmentBytes, nowMs)) return 'reassemblyFull';
    this.#heardMs = nowMs;
    this.#suspectUntilMs = Infinity;
    this.#acknowledger.onPacket(packetNumber, frames.some(elicits), acknowledgeNow, nowMs);
    for (const frame of frames) this.#apply(frame, nowMs);
    return 'taken';
  }

  /** Sends what may be sent now. `linkCount`: links that share the peer's receive buffer, as far as we know. */
  flush(nowMs: number, linkCount: number = 1): void {
    if (this.#reassembly.isEvicted) this.close('message not finished', closeCode.limit, nowMs);
    if (this.#messages.isOverwhelmed) this.close('too much unanswered', closeCode.limit, nowMs);
    if (!this.#down) this.#sender?.flush(nowMs, linkCount);
  }

  /** Call when `deadline()` has come; sooner does no harm. Call `flush` after it. */
  tick(nowMs: number): void {
    if (this.#down || this.#sender === undefined) return;
    if (nowMs >= this.#idleDeadlineMs) this.close('idle', closeCode.timeout, nowMs);
    else if (nowMs >= this.#suspectUntilMs) this.fail('peer forgot the link');
    else if (!this.#sender.tick(nowMs, this.#heardMs)) this.close('unreachable', closeCode.timeout, nowMs);
  }

  /** When `tick` is due next; `undefined` before `establish` and after `down`. */
  deadline(): number | undefined {
    if (this.#down || this.#sender === undefined) return undefined;
    return Math.min(this.#idleDeadlineMs, this.#suspectUntilMs, this.#sender.deadlineMs(this.#heardMs));
  }

  /** Ends the link, telling the peer once. */
  close(reason: LinkDownReason, code: number, nowMs: number): void {
    if (this.#down) return;
    this.#sender?.sendClose(code, nowMs);
    this.fail(reason);
  }

  /** Ends the link without a word: the peer is known not to listen. */
  fail(reason: LinkDownReason): void {
    if (this.#down) return;
    this.#down = true;
    this.#reassembly.clear();
    this.#effects.push({ type: 'down', reason });
  }

  /** Effects since the last call, in order. */
  take(): readonly LinkEffect<Ticket>[] {
    return this.#effects.length === 0 ? none : this.#effects.splice(0);
  }

  get #idleDeadlineMs(): number {
    return this.#heardMs + this.#parts.settings.idleTimeoutMs;
  }

  /** All frames or none: a packet with one bad frame changes nothing but ends the link. */
  #parse(packet: Uint8Array, nowMs: number): readonly Frame[] | undefined {
    try {
      return readFrames(packet, packetHeaderBytes, packet.length - this.#parts.sealer.tagBytes);
    } catch (error) {
      if (!SimpleDHTError.is(error, 'ERR_MALFORMED')) throw error;
      const unknown = error.message.includes(unknownFrameText);
      this.close('protocol error', unknown ? closeCode.unknownFrame : closeCode.protocolError, nowMs);
      return undefined;
    }
  }

  #apply(frame: Frame, nowMs: number): void {
    if (this.#down) return;
    switch (frame.type) {
      case 'message':
        if (frame.kind === 'request') this.#onRequest(frame, nowMs);
        else this.#onReply(frame, nowMs);
        break;
      case 'ack':
        this.#onAck(frame, nowMs);
        break;
      case 'datagram':
        this.#effects.push({ type: 'datagram', payload: frame.payload });
        break;
      case 'credit':
        this.#sender?.raiseCredit(frame.maxBytes);
        break;
      case 'close':
        this.fail('closed by peer');
        break;
      case 'ping':
      case 'skipped':
        break;
    }
  }

  #onAck(frame: AckFrame, nowMs: number): void {
    const possible = this.#sender?.onAck(frame, nowMs);
    if (possible === false) this.close('protocol error', closeCode.protocolError, nowMs);
  }

  #onRequest(frame: MessageFrame, nowMs: number): void {
    const { requestId } = frame;
    if (requestId >= this.#receivedRequests.limit) {
      this.close('protocol error', closeCode.limit, nowMs);
      return;
    }
    if (this.#receivedRequests.isFinished(requestId)) {
      this.#parts.counters.messagesRepeated++;
      return;
    }
    const payload = this.#assemble(frame, nowMs);
    if (payload === undefined) return;
    this.#receivedRequests.finish(requestId);
    this.#messages.owe();
    this.#effects.push({ type: 'request', requestId, payload });
  }

  #onReply(frame: MessageFrame, nowMs: number): void {
    if (!this.#messages.awaits(frame.requestId)) {
      this.#parts.counters.repliesUnwanted++;
      return;
    }
    const payload = this.#assemble(frame, nowMs);
    if (payload === undefined) return;
    const ticket = this.#messages.answered(frame.requestId);
    if (ticket === undefined) this.#parts.counters.repliesUnwanted++;
    else this.#effects.push({ type: 'reply', ticket, payload });
  }

  /** The whole message once it is there. */
  #assemble(frame: MessageFrame, nowMs: number): Uint8Array | undefined {
    if (frame.totalBytes === frame.payload.length) return frame.payload;
    const result = this.#reassembly.add(frame);
    if (result === 'repeated') return undefined;
    const allowed = this.#receiveCredit.onReceived(frame.payload.length);
    if (result === 'broken' || !allowed) this.close('protocol error', closeCode.limit, nowMs);
    return typeof result === 'string' ? undefined : result;
  }
}

const none: readonly never[] = [];

/** Acknowledgements, best-effort payloads and closes are not answered; an unknown frame is, to be safe. */
function elicits(frame: Frame): boolean {
  return frame.type !== 'ack' && frame.type !== 'datagram' && frame.type !== 'close';
}

function bytesOfFragments(frames: readonly Frame[]): number {
  let bytes = 0;
  for (const frame of frames) {
    if (frame.type === 'message' && frame.totalBytes !== frame.payload.length) bytes += frame.payload.length;
  }
  return bytes;
}
