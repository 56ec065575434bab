import { bufferCost } from './buffer-cost.ts';
import type { SentPacket } from './sent-packets.ts';
import type { LinkSettings } from './settings.ts';

/** Of RFC 9002 §7.2; with larger datagrams it may be two of them. */
const initialWindowBytes = 14_720;

/** A receiver is taken to read its socket at least this often. */
const slowReaderMs = 10;

/** What persistent congestion is measured by (RFC 9002 §7.6). */
export interface KnownRoundTrip {
  readonly probeTimeoutMs: number;
  /** When it was measured first; `Infinity` before. */
  readonly firstSampleMs: number;
}

/** `recovery`: the window was halved. `persistent`: it fell to the least, and what was known of the path is old. */
export type LossEffect = 'none' | 'recovery' | 'persistent';

/**
 * NewReno as in RFC 9002 §7, in bytes. What is in flight is also capped by what the other side's socket can hold,
 * because a full receive buffer drops silently on both sides.
 */
export class CongestionControl {
  readonly #settings: LinkSettings;
  readonly #receiveBufferBytes: number;
  /** What the path itself takes, both ways; `Infinity` while it is not known. */
  #leastRttMs = Infinity;
  #datagramBytes: number;
  #datagramCost: number;
  /** Cost in the receiver's buffer that may be in flight. */
  #maxCost: number;
  #windowBytes: number;
  #inFlightBytes = 0;
  #inFlightCost = 0;
  #thresholdBytes = Infinity;
  #recoverySinceMs = -Infinity;

  constructor(settings: LinkSettings, datagramBytes: number, receiveBufferBytes: number) {
    this.#settings = settings;
    this.#datagramBytes = datagramBytes;
    this.#datagramCost = bufferCost(datagramBytes);
    this.#receiveBufferBytes = receiveBufferBytes;
    this.#maxCost = this.#costThatFits();
    this.#windowBytes = this.#initialWindowBytes;
  }

  /** Larger datagrams turned out to arrive; the window begins anew with them if it is smaller (§7.2). */
  enlargeDatagrams(datagramBytes: number): void {
    this.#datagramBytes = datagramBytes;
    this.#datagramCost = bufferCost(datagramBytes);
    this.#maxCost = this.#costThatFits();
    this.#windowBytes = Math.max(this.#windowBytes, this.#initialWindowBytes);
  }

  onRoundTrip(leastMs: number): void {
    if (leastMs === this.#leastRttMs) return;
    this.#leastRttMs = leastMs;
    this.#maxCost = this.#costThatFits();
  }

  get windowBytes(): number {
    return this.#windowBytes;
  }

  get datagramBytes(): number {
    return this.#datagramBytes;
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /** Room for one more full datagram (§7: what is in flight never passes the window). */
  get hasRoom(): boolean {
    return (
      this.#inFlightBytes + this.#datagramBytes <= this.#windowBytes &&
      this.#inFlightCost + this.#datagramCost <= this.#maxCost
    );
  }

  onSent(packet: SentPacket): void {
    this.#inFlightBytes += packet.bytes;
    this.#inFlightCost += packet.cost;
  }

  /** `limited`: the window, not the application, held sending back; it grows only then (§7.8). Not in recovery (§7.3.2). */
  onAcknowledged(packet: SentPacket, limited: boolean): void {
    this.#leave(packet);
    if (!limited || packet.sentMs <= this.#recoverySinceMs) return;
    const slowStart = this.#windowBytes < this.#thresholdBytes;
    const growth = slowStart ? packet.bytes : (this.#datagramBytes * packet.bytes) / this.#windowBytes;
    this.#windowBytes = Math.min(this.#windowBytes + growth, Math.max(this.#windowBytes, this.#maxWindowBytes));
  }

  /**
   * `packets` ascend; `firstSampleMs`: when the round-trip time was measured first. One reduction per round trip
   * (§7.3.2). A lost probe for larger datagrams says nothing of congestion (RFC 9000 §14.4).
   */
  onLost(packets: readonly SentPacket[], rtt: KnownRoundTrip, nowMs: number): LossEffect {
    if (packets.length === 0) return 'none';
    for (const packet of packets) this.#leave(packet);
    const lost = packets.filter(({ forSize }) => !forSize);
    const newest = lost.at(-1);
    if (newest === undefined) return 'none';
    const recovers = newest.sentMs > this.#recoverySinceMs;
    if (recovers) {
      this.#recoverySinceMs = nowMs;
      this.#thresholdBytes = Math.max(this.#windowBytes / 2, this.#leastWindowBytes);
      this.#windowBytes = this.#thresholdBytes;
    }
    const persistentMs = rtt.probeTimeoutMs * this.#settings.persistentCongestionThreshold;
    if (longestRunMs(lost, rtt.firstSampleMs) <= persistentMs) return recovers ? 'recovery' : 'none';
    this.#windowBytes = this.#leastWindowBytes;
    this.#recoverySinceMs = -Infinity;
    return 'persistent';
  }

  /** §7.2 */
  get #initialWindowBytes(): number {
    const bytes = Math.max(initialWindowBytes, 2 * this.#datagramBytes, this.#leastWindowBytes);
    return Math.min(this.#settings.initialWindowDatagrams * this.#datagramBytes, bytes);
  }

  get #leastWindowBytes(): number {
    return this.#settings.minWindowDatagrams * this.#datagramBytes;
  }

  /** Half of the buffer: the rest is for other links and for acknowledgements. Of what a long path holds more comes later. */
  #costThatFits(): number {
    const times = this.#leastRttMs === Infinity ? 1 : Math.max(1, this.#leastRttMs / slowReaderMs);
    const least = this.#settings.minWindowDatagrams * this.#datagramCost;
    return Math.max((this.#receiveBufferBytes / 2) * times, least);
  }

  /** What the receiver's buffer takes. A window above it would not shrink what is in flight when it is halved. */
  get #maxWindowBytes(): number {
    return (this.#maxCost / this.#datagramCost) * this.#datagramBytes;
  }

  #leave(packet: SentPacket): void {
    this.#inFlightBytes -= packet.bytes;
    this.#inFlightCost -= packet.cost;
  }
}

/** §7.6.2: the longest time over which every packet was lost, of those sent when the round-trip time was known. */
function longestRunMs(packets: readonly SentPacket[], firstSampleMs: number): number {
  let longestMs = 0;
  let start: SentPacket | undefined;
  let previous: SentPacket | undefined;
  for (const packet of packets) {
    if (packet.sentMs < firstSampleMs) continue;
    if (packet.ordinal !== (previous?.ordinal ?? 0) + 1) start = packet;
    longestMs = Math.max(longestMs, packet.sentMs - (start?.sentMs ?? packet.sentMs));
    previous = packet;
  }
  return longestMs;
}
