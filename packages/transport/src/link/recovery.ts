import type { AckFrame } from '@simpledht/wire';
import type { Random } from '../random.ts';
import { CongestionControl } from './congestion.ts';
import { RoundTripTime } from './round-trip-time.ts';
import type { SentPacket } from './sent-packets.ts';
import { SentPackets } from './sent-packets.ts';
import type { LinkSettings } from './settings.ts';

/** §6.2.4: two, so that one more loss does not cost a doubled wait. */
const probePackets = 2;

export type RecoveryEvent =
  | { readonly type: 'none' }
  | { readonly type: 'lost'; readonly loss: Loss }
  /** Send so many packets that elicit an acknowledgement, whatever the window says: best `oldest` again first. */
  | { readonly type: 'probe'; readonly packets: number; readonly oldest: readonly SentPacket[] }
  | { readonly type: 'unreachable' };

export interface Loss {
  readonly packets: readonly SentPacket[];
  /** The window was reduced for it; one packet may be sent all the same, so that what is missing comes soon (§7.3.2). */
  readonly reduced: boolean;
}

/**
 * Which packets are lost, and when to ask (RFC 9002 §6).
 *
 * Invariants: 1. a timer runs if and only if something is in flight; 2. a packet leaves flight once, acknowledged or
 * lost; 3. probes in a row are counted from the last acknowledgement that acknowledged something new.
 */
export class Recovery {
  readonly rtt: RoundTripTime;
  readonly congestion: CongestionControl;
  readonly #settings: LinkSettings;
  readonly #random: Random;
  readonly #sent = new SentPackets();
  /** -1 before the first. */
  largestAcknowledged = -1;
  #lossDeadlineMs: number | undefined;
  #lastSentMs = 0;
  #probes = 0;
  #jitter = 1;
  /** Since when the peer owes an acknowledgement. */
  #unansweredSinceMs = 0;

  constructor(settings: LinkSettings, random: Random, datagramBytes: number, receiveBufferBytes: number) {
    this.#settings = settings;
    this.#random = random;
    this.rtt = new RoundTripTime(settings);
    this.congestion = new CongestionControl(settings, datagramBytes, receiveBufferBytes);
  }

  /** The handshake was a packet answered by a packet. */
  onHandshake(rttMs: number, nowMs: number): void {
    this.rtt.sample(rttMs, 0, nowMs);
  }

  get inFlight(): number {
    return this.#sent.count;
  }

  /** The oldest packet in flight, or none. */
  get oldest(): readonly SentPacket[] {
    return this.#sent.oldest(1);
  }

  onSent(packet: SentPacket): void {
    if (this.#sent.count === 0) this.#unansweredSinceMs = packet.sentMs;
    this.#sent.add(packet);
    this.#lastSentMs = packet.sentMs;
    this.congestion.onSent(packet);
  }

  /** Gives the packets newly acknowledged and those lost by it. */
  onAck(
    frame: AckFrame,
    limited: boolean,
    nowMs: number,
  ): { readonly acknowledged: readonly SentPacket[]; readonly loss: Loss } {
    // A window that is just full is used up too, whether or not more is waiting.
    const usedUp = limited || !this.congestion.hasRoom;
    const acknowledged = this.#sent.acknowledge(frame.ranges);
    const newest = acknowledged.at(-1);
    if (newest === undefined) return { acknowledged, loss: noLoss };
    const largest = frame.ranges[0]?.last ?? -1;
    this.largestAcknowledged = Math.max(this.largestAcknowledged, largest);
    if (newest.number === largest) this.rtt.sample(nowMs - newest.sentMs, frame.delayMs, nowMs);
    this.congestion.onRoundTrip(this.rtt.leastMs);
    this.#probes = 0;
    this.#jitter = 1;
    this.#unansweredSinceMs = nowMs;
    for (const packet of acknowledged) this.congestion.onAcknowledged(packet, usedUp);
    return { acknowledged, loss: this.#detectLost(nowMs) };
  }

  get deadlineMs(): number | undefined {
    if (this.#sent.count === 0) return undefined;
    return this.#lossDeadlineMs ?? this.#probeDeadlineMs;
  }

  /** `heardMs`: when any packet of the peer came last. */
  onTick(nowMs: number, heardMs: number): RecoveryEvent {
    if ((this.deadlineMs ?? Infinity) > nowMs) return { type: 'none' };
    if (this.#lossDeadlineMs !== undefined) return { type: 'lost', loss: this.#detectLost(nowMs) };
    if (this.#isUnreachable(nowMs, heardMs)) return { type: 'unreachable' };
    this.#probes++;
    this.#jitter = 1 + this.#settings.probeJitter * (2 * this.#random.next() - 1);
    // Counts from now until the probe is sent, which is at once unless the shell is late.
    this.#lastSentMs = nowMs;
    return { type: 'probe', packets: probePackets, oldest: this.#sent.oldest(probePackets) };
  }

  get #probeDeadlineMs(): number {
    const backedOffMs = this.rtt.probeTimeoutMs * 2 ** this.#probes * this.#jitter;
    return this.#lastSentMs + Math.min(backedOffMs, this.#settings.maxProbeTimeoutMs);
  }

  /** A peer that is heard is there, however many acknowledgements get lost. */
  #isUnreachable(nowMs: number, heardMs: number): boolean {
    const { downAfterProbes, downAfterMs } = this.#settings;
    const silentMs = nowMs - Math.max(this.#unansweredSinceMs, heardMs);
    return this.#probes >= downAfterProbes && silentMs >= downAfterMs;
  }

  /** §6.1: 3 packets or 9/8 of a round trip later. */
  #detectLost(nowMs: number): Loss {
    const delayMs = this.rtt.lossDelayMs;
    const maxNumber = this.largestAcknowledged - this.#settings.packetThreshold;
    const { lost, earliestSentMs } = this.#sent.removeLost(this.largestAcknowledged, maxNumber, delayMs, nowMs);
    this.#lossDeadlineMs = earliestSentMs === undefined ? undefined : earliestSentMs + delayMs;
    const effect = this.congestion.onLost(lost, this.rtt, nowMs);
    if (effect === 'persistent') this.rtt.forgetLeast();
    return { packets: lost, reduced: effect !== 'none' };
  }
}

const noLoss: Loss = { packets: [], reduced: false };
