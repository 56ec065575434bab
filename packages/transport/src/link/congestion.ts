import { bufferCost } from './buffer-cost.ts';
import type { SentPacket } from './sent-packets.ts';
import type { LinkSettings } from './settings.ts';

/**
 * NewReno as in RFC 9002 §7, in bytes. What is in flight is also capped by what the other side's socket can hold,
 * because a full receive buffer drops silently on both sides.
 */
export class CongestionControl {
  readonly #settings: LinkSettings;
  readonly #datagramBytes: number;
  /** Cost in the receiver's buffer that may be in flight. */
  readonly #maxCost: number;
  #windowBytes: number;
  #inFlightBytes = 0;
  #inFlightCost = 0;
  #thresholdBytes = Infinity;
  #recoverySinceMs = -Infinity;

  constructor(settings: LinkSettings, datagramBytes: number, receiveBufferBytes: number) {
    this.#settings = settings;
    this.#datagramBytes = datagramBytes;
    const leastCost = settings.minWindowDatagrams * bufferCost(datagramBytes);
    // Half of the buffer: the rest is for other links and for acknowledgements.
    this.#maxCost = Math.max(receiveBufferBytes / 2, leastCost);
    this.#windowBytes = settings.initialWindowDatagrams * datagramBytes;
  }

  get windowBytes(): number {
    return this.#windowBytes;
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /** Room for one more full datagram (§7: what is in flight never passes the window). */
  get hasRoom(): boolean {
    return (
      this.#inFlightBytes + this.#datagramBytes <= this.#windowBytes &&
      this.#inFlightCost + bufferCost(this.#datagramBytes) <= this.#maxCost
    );
  }

  onSent(packet: SentPacket): void {
    this.#inFlightBytes += packet.bytes;
    this.#inFlightCost += packet.cost;
  }

  /** `limited`: the window, not the application, held sending back; it grows only then (§7.8). */
  onAcknowledged(packet: SentPacket, limited: boolean): void {
    this.#leave(packet);
    if (!limited || packet.sentMs <= this.#recoverySinceMs) return;
    const slowStart = this.#windowBytes < this.#thresholdBytes;
    const growth = slowStart ? packet.bytes : (this.#datagramBytes * packet.bytes) / this.#windowBytes;
    this.#windowBytes = Math.min(this.#windowBytes + growth, this.#maxCost);
  }

  /** `packets` ascend. One reduction per round trip (§7.3.2). */
  onLost(packets: readonly SentPacket[], probeTimeoutMs: number, nowMs: number): void {
    for (const packet of packets) this.#leave(packet);
    const newest = packets.at(-1);
    if (newest === undefined) return;
    const leastBytes = this.#settings.minWindowDatagrams * this.#datagramBytes;
    if (newest.sentMs > this.#recoverySinceMs) {
      this.#recoverySinceMs = nowMs;
      this.#thresholdBytes = Math.max(this.#windowBytes / 2, leastBytes);
      this.#windowBytes = this.#thresholdBytes;
    }
    const persistentMs = probeTimeoutMs * this.#settings.persistentCongestionThreshold;
    if (longestRunMs(packets) > persistentMs) {
      this.#windowBytes = leastBytes;
      this.#recoverySinceMs = -Infinity;
    }
  }

  #leave(packet: SentPacket): void {
    this.#inFlightBytes -= packet.bytes;
    this.#inFlightCost -= packet.cost;
  }
}

/** §7.6: the longest time over which every packet was lost. */
function longestRunMs(packets: readonly SentPacket[]): number {
  let longestMs = 0;
  let start = packets[0];
  let previous = packets[0];
  for (const packet of packets) {
    if (packet.ordinal !== (previous?.ordinal ?? 0) + 1) start = packet;
    longestMs = Math.max(longestMs, packet.sentMs - (start?.sentMs ?? 0));
    previous = packet;
  }
  return longestMs;
}
