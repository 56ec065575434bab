import type { ConnectionOptions } from './connection-options.ts';
import type { ConnectionEffect, DownReason } from './effects.ts';
import { closeCode, frameType, isMessage, maxFramePayloadBytes, piecesOf, type Frame } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { closeReason, judgeGreeting } from './greeting.ts';
import { encodeHello, maxHelloBytes, type Hello } from './hello.ts';
import { MessageFrames } from './message-frames.ts';
import { Outgoing } from './outgoing.ts';
import type { OutgoingMessage } from './send-queue.ts';
import { Timing, type Activity } from './timing.ts';

/** Requests handed over before their answers are looked at. */
const requestsAtOnce = 8;

/**
 * One connection, without its socket: bytes in, bytes out, effects.
 *
 * Invariants: 1. before the peer's hello was accepted nothing but our own hello leaves; 2. a ticket leaves once: by
 * the effects `reply` and `refused`, `cancel`, `moveTo` or `takeTickets`; 3. after `down` bytes that come change nothing.
 */
export class Connection<Ticket> {
  readonly dialled: boolean;
  /** Whom it leads to, once it has said so. */
  peer: Hello | undefined;
  readonly #options: ConnectionOptions;
  readonly #out: Outgoing<Ticket>;
  readonly #reader = new FrameReader();
  readonly #messages: MessageFrames<Ticket>;
  readonly #timing: Timing;
  readonly #effects: ConnectionEffect<Ticket>[] = [];
  #state: 'connecting' | 'greeting' | 'greeted' | 'up' | 'down';
  /** When that state began; until it is up. */
  #sinceMs: number;
  #paused = false;
  /** Of a connection that another one has replaced: what was said of its end. */
  #end: 'retired' | 'done said' | 'drained' | undefined;

  constructor(options: ConnectionOptions) {
    const { settings, dialled, nowMs, me } = options;
    this.dialled = dialled;
    this.#options = options;
    this.#out = new Outgoing(settings);
    this.#messages = new MessageFrames({ ...options, out: this.#out }, (effect) => {
      this.#effects.push(effect);
    });
    this.#timing = new Timing(settings, nowMs);
    this.#state = dialled ? 'connecting' : 'greeting';
    this.#sinceMs = nowMs;
    this.#reader.maxPayloadBytes = maxHelloBytes;
    if (dialled) this.#out.control(frameType.hello, 0, encodeHello(me));
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  get isConnecting(): boolean {
    return this.#state === 'connecting';
  }

  get isDown(): boolean {
    return this.#state === 'down';
  }

  /** Nothing waits or is unanswered, as far as this side knows. */
  get isQuiet(): boolean {
    return this.isUp && this.#out.isIdle;
  }

  get usedMs(): number {
    return this.#timing.usedMs;
  }

  /** False while the peer asks for more than it takes: then nothing is to be read from it. */
  get wantsInput(): boolean {
    return !this.#out.isOverrun;
  }

  get hasOutput(): boolean {
    return this.isUp ? !this.#out.isEmpty : this.#out.hasControl;
  }

  /** Something is to be done at the end of this turn. */
  get wantsTurn(): boolean {
    return this.hasOutput || this.isDown || this.#end !== undefined;
  }

  take(): readonly ConnectionEffect<Ticket>[] {
    return this.#effects.splice(0);
  }

  // ------------------------------------------------------------------------------- what this side wants

  /** `undefined` when too much waits. */
  request(ticket: Ticket, payload: Uint8Array): OutgoingMessage | undefined {
    const message = this.#out.request(ticket, payload);
    this.#tellBackpressure();
    return message;
  }

  datagram(payload: Uint8Array): void {
    if (this.isDown || !this.#out.datagram(payload)) this.#options.counters.payloadsDropped++;
  }

  reply(id: number, payload: Uint8Array): void {
    if (!this.isUp) return;
    this.#out.reply(id, payload);
    this.#tellBackpressure();
  }

  /** The request is over for this side. */
  cancel(id: number): void {
    this.#out.settle(id);
    this.#messages.forgetReply(id);
  }

  /** Hands what waits on a connection that never was up to another one. */
  moveTo(other: Connection<Ticket>, onMoved: (ticket: Ticket, message: OutgoingMessage) => void): void {
    this.#out.moveTo(other.#out, onMoved);
  }

  takeTickets(): readonly Ticket[] {
    return this.#out.takeTickets();
  }

  /** Another connection to this peer is used from now on; this one ends when both sides have their answers. */
  retire(nowMs: number): void {
    this.#end ??= 'retired';
    this.#timing.retire(nowMs);
  }

  /** Somebody else claims to be at the peer's address: it has to prove that it lives. */
  challenge(nowMs: number): void {
    this.#out.control(frameType.ping);
    this.#timing.challenge(nowMs);
  }

  /** Says goodbye; `pull` still gives it. */
  close(reason: DownReason, code: number): void {
    if (this.isDown) return;
    // A stranger is told nothing, but for a peer of ours with another version.
    const mayTell = this.peer !== undefined || code === closeCode.version;
    this.#down(reason);
    if (mayTell) this.#out.control(frameType.close, 0, Uint8Array.of(code));
  }

  // ------------------------------------------------------------------------------- the socket

  onConnected(nowMs: number): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'greeting';
    this.#sinceMs = nowMs;
  }

  /** The peer's hello was taken by the owner. */
  accept(): void {
    if (this.#state !== 'greeted') return;
    this.#state = 'up';
    if (!this.dialled) this.#out.control(frameType.hello, 0, encodeHello(this.#options.me));
  }

  /**
   * Gives how many bytes it has taken: it stops after some requests, so that the owner answers them, and sees whether
   * more is wanted, before there are thousands.
   */
  receive(bytes: Uint8Array, nowMs: number): number {
    if (this.isDown) return bytes.length;
    if (this.#timing.isChallenged) this.#effects.push({ type: 'alive' });
    this.#timing.onHeard(nowMs);
    let requests = 0;
    const taken = this.#reader.read(bytes, (frame) => {
      this.#onFrame(frame, nowMs);
      if (frame.type === frameType.request) requests++;
      return !this.isDown && requests < requestsAtOnce;
    });
    if (this.#reader.broken) this.#violation();
    return taken;
  }

  /** Bytes to write now, as few pieces as it takes. Tell `onWritten` of them. */
  pull(maxBytes: number, nowMs: number): Uint8Array[] {
    const frames = this.#out.take(maxBytes, !this.isUp);
    if (!this.#out.isWriting) this.#timing.onProgress(nowMs);
    const pieces = piecesOf(frames);
    for (const piece of pieces) this.#out.onWriting(piece.length);
    if (frames.some(({ type }) => isMessage(type))) this.#timing.onUsed(nowMs);
    this.#tellBackpressure();
    return pieces;
  }

  onWritten(bytes: number, nowMs: number): void {
    this.#out.onWriting(-bytes);
    this.#timing.onProgress(nowMs);
  }

  /** What is read again was not heard meanwhile. */
  onPaused(paused: boolean, nowMs: number): void {
    this.#paused = paused;
    if (!paused) this.#timing.onHeard(nowMs);
  }

  onLost(reason: DownReason): void {
    if (!this.isDown) this.#down(reason);
  }

  deadline(): number {
    const { connectTimeoutMs, helloTimeoutMs } = this.#options.settings;
    if (this.isDown) return Infinity;
    if (this.#state === 'connecting') return this.#sinceMs + connectTimeoutMs;
    if (this.#state === 'greeting') return this.#sinceMs + helloTimeoutMs;
    return this.#timing.deadline(this.#activity());
  }

  tick(nowMs: number): void {
    if (this.deadline() > nowMs) return;
    if (this.#state === 'connecting') this.#down('not connected in time');
    else if (this.#state === 'greeting') {
      this.#options.counters.drop('helloTimeout');
      this.#down('no hello in time');
    } else this.#onDue(nowMs);
  }

  /** To be called after everything else of a turn. */
  settle(): void {
    if (this.#end === undefined || !this.isUp) return;
    if (this.#end === 'retired' && this.#out.unanswered === 0) {
      this.#out.control(frameType.done);
      this.#end = 'done said';
    }
    if (this.#end !== 'done said' || !this.#messages.doneHeard || !this.#out.isEmpty || this.#out.isWriting) return;
    this.#end = 'drained';
    this.#effects.push({ type: 'drained' });
  }

  #onDue(nowMs: number): void {
    const due = this.#timing.due(nowMs, this.#activity());
    if (due === 'ping') {
      this.#timing.onPinged(nowMs);
      this.#out.control(frameType.ping);
    } else if (due === 'idle') this.close('idle', closeCode.idle);
    else if (due === 'replaced') this.close('replaced', closeCode.replaced);
    else if (due !== undefined) this.#down(due);
  }

  #activity(): Activity {
    return { isBusy: !this.#out.isIdle, isWriting: this.#out.isWriting, isReading: !this.#paused };
  }

  // ------------------------------------------------------------------------------- frames

  #onFrame(frame: Frame, nowMs: number): void {
    if (this.#state === 'greeting') this.#onGreeting(frame);
    else if (frame.type === frameType.close) this.#down(closeReason(frame));
    else if (this.#state !== 'up') this.#violation();
    else if (this.#messages.take(frame)) {
      if (isMessage(frame.type)) this.#timing.onUsed(nowMs);
    } else this.#violation();
  }

  #onGreeting(frame: Frame): void {
    const verdict = judgeGreeting(frame, this.#options.me, this.dialled);
    if ('hello' in verdict) {
      this.peer = verdict.hello;
      this.#reader.maxPayloadBytes = maxFramePayloadBytes;
      this.#state = 'greeted';
      if (this.dialled) this.accept();
      this.#effects.push({ type: 'hello', hello: verdict.hello });
      return;
    }
    const { reason, drop, tell } = verdict;
    if (drop !== undefined) this.#options.counters.drop(drop);
    if (tell === undefined) this.#down(reason);
    else this.close(reason, tell);
  }

  #tellBackpressure(): void {
    const on = this.#out.backpressure();
    if (on !== undefined) this.#effects.push({ type: 'backpressure', on });
  }

  #violation(): void {
    if (this.isDown) return;
    this.#options.counters.drop(this.#state === 'greeting' ? 'foreign' : 'malformed');
    this.#down('not our protocol');
  }

  #down(reason: DownReason): void {
    this.#state = 'down';
    this.#out.clear();
    this.#messages.clear();
    this.#effects.push({ type: 'down', reason });
  }
}
