import type { AckFrame } from '@simpledht/wire';
import type { Random } from '../random.ts';
import { CongestionControl } from './congestion.ts';
import { RoundTripTime } from './round-trip-time.ts';
import type { SentPacket } from './sent-packets.ts';
import { SentPackets } from './sent-packets.ts';
import type { LinkSettings } from './settings.ts';

export type RecoveryEvent =
  | { readonly type: 'none' }
  | { readonly type: 'lost'; readonly packets: readonly SentPacket[] }
  /** Send so many packets that elicit an acknowledgement, whatever the window says: best `oldest` again first. */
  | { readonly type: 'probe'; readonly packets: number; readonly oldest: SentPacket | undefined }
  | { readonly type: 'unreachable' };

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
  #largestAcknowledged = -1;
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

  get inFlight(): number {
    return this.#sent.count;
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
  ): { readonly acknowledged: readonly SentPacket[]; readonly lost: readonly SentPacket[] } {
    const acknowledged = this.#sent.acknowledge(frame.ranges);
    const newest = acknowledged.at(-1);
    if (newest === undefined) return { acknowledged, lost: [] };
    const largest = frame.ranges[0]?.last ?? -1;
    this.#largestAcknowledged = Math.max(this.#largestAcknowledged, largest);
    if (newest.number === largest) this.rtt.sample(nowMs - newest.sentMs, frame.delayMs);
    this.#probes = 0;
    this.#jitter = 1;
    this.#unansweredSinceMs = nowMs;
    for (const packet of acknowledged) this.congestion.onAcknowledged(packet, limited);
    return { acknowledged, lost: this.#detectLost(nowMs) };
  }

  get deadlineMs(): number | undefined {
    if (this.#sent.count === 0) return undefined;
    return this.#lossDeadlineMs ?? this.#probeDeadlineMs;
  }

  /** `heardMs`: when any packet of the peer came last. */
  onTick(nowMs: number, heardMs: number): RecoveryEvent {
    if ((this.deadlineMs ?? Infinity) > nowMs) return { type: 'none' };
    if (this.#lossDeadlineMs !== undefined) return { type: 'lost', packets: this.#detectLost(nowMs) };
    if (this.#isUnreachable(nowMs, heardMs)) return { type: 'unreachable' };
    this.#probes++;
    this.#jitter = 1 + this.#settings.probeJitter * (2 * this.#random.next() - 1);
    // Counts from now until the probe is sent, which is at once unless the shell is late.
    this.#lastSentMs = nowMs;
    // §6.2.4: two, from the second on, so that one more loss does not cost another doubling.
    return { type: 'probe', packets: Math.min(this.#probes, 2), oldest: this.#sent.oldest };
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
  #detectLost(nowMs: number): readonly SentPacket[] {
    const delayMs = this.rtt.lossDelayMs;
    const maxNumber = this.#largestAcknowledged - this.#settings.packetThreshold;
    const { lost, earliestSentMs } = this.#sent.removeLost(this.#largestAcknowledged, maxNumber, delayMs, nowMs);
    this.#lossDeadlineMs = earliestSentMs === undefined ? undefined : earliestSentMs + delayMs;
    this.congestion.onLost(lost, this.rtt.probeTimeoutMs, nowMs);
    return lost;
  }
}
