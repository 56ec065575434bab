import type { Address } from '@simpledht/wire';
import { noConnection } from '@simpledht/wire';
import type { Counters } from './counters.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { TransportSettings } from './settings.ts';
import { hostOf, isOnLoopback, networkOf } from './source.ts';
import { SourceBuckets } from './source-buckets.ts';
import { evenRate, smoothRate, TokenBucket } from './token-bucket.ts';

/** Offsets of a handshake packet, see PACKETS.md. */
const typeOffset = 1;
const destinationOffset = 2;
const sourceOffset = 6;
const helloType = 1;

/**
 * Decides which packets are worth a checksum, let alone a key: whoever has no link has a share of our time.
 *
 * A packet that names a connection id of ours and comes from the address of that link passes: to guess the id takes
 * 2^32 packets. What has no link pays from the bucket of its network, a hello from that of its host as well. A link
 * whose packets fail their tag too often loses its privilege and pays like a stranger until its bucket fills again, so
 * somebody who can forge its packets costs no more than a stranger does, and cannot end the link by it.
 */
export class Defence {
  readonly #sessions: Sessions;
  readonly #counters: Counters;
  readonly #settings: TransportSettings;
  readonly #networks: SourceBuckets;
  readonly #hosts: SourceBuckets;
  readonly #allHellos: TokenBucket;

  constructor(sessions: Sessions, counters: Counters, settings: TransportSettings, nowMs: number) {
    this.#sessions = sessions;
    this.#counters = counters;
    this.#settings = settings;
    const { maxSources } = settings;
    const networks = {
      rate: evenRate(settings.strangerPacketsPerSecond),
      loopbackRate: evenRate(settings.loopbackPacketsPerSecond),
      maxSources,
    };
    const hosts = {
      rate: { perSecond: settings.hellosPerSecond, burst: settings.helloBurst },
      loopbackRate: evenRate(settings.loopbackHellosPerSecond),
      maxSources,
    };
    this.#networks = new SourceBuckets(networks, nowMs);
    this.#hosts = new SourceBuckets(hosts, nowMs);
    this.#allHellos = new TokenBucket(smoothRate(settings.maxHellosPerSecond), nowMs);
  }

  /** Buckets in memory. */
  get sources(): number {
    return this.#networks.size + this.#hosts.size;
  }

  /** An established packet of no link. What is refused is counted. */
  admitsStranger(from: Address, nowMs: number): boolean {
    if (this.#networks.take(networkOf(from), isOnLoopback(from), nowMs)) return true;
    this.#counters.drop('flood');
    return false;
  }

  /** A packet with the connection id and from the address of `session`. */
  admitsPacketOf(session: Session, nowMs: number): boolean {
    if (session.failedTags?.isEmpty(nowMs) !== true) return true;
    if (this.#networks.take(networkOf(session.address), isOnLoopback(session.address), nowMs)) return true;
    this.#counters.drop('tagFlood');
    return false;
  }

  onFailedTag(session: Session, nowMs: number): void {
    session.failedTags ??= new TokenBucket(evenRate(this.#settings.failedTagsPerSecond), nowMs);
    session.failedTags.take(nowMs);
  }

  /** A payload of its peer made no sense to the owner. False when that happened too often. */
  toleratesNonsense(session: Session, nowMs: number): boolean {
    const { nonsensePerSecond, nonsenseBurst } = this.#settings;
    session.nonsense ??= new TokenBucket({ perSecond: nonsensePerSecond, burst: nonsenseBurst }, nowMs);
    return session.nonsense.take(nowMs);
  }

  /** A link ended because its peer broke the rules: what it sent had its cost, so its host gets no other one at once. */
  onFault(from: Address, nowMs: number): void {
    this.#hosts.penalize(hostOf(from), isOnLoopback(from), { ms: this.#settings.faultPenaltyMs, nowMs });
  }

  /** A handshake packet, not looked at so far. */
  admitsHandshake(datagram: Uint8Array, from: Address, nowMs: number): boolean {
    if (this.#isOfLink(datagram, from)) return true;
    if (datagram[typeOffset] !== helloType) return this.admitsStranger(from, nowMs);
    // In a flood of hellos most find this bucket empty, and cost nothing more.
    if (this.#allHellos.isEmpty(nowMs)) {
      this.#counters.drop('helloFlood');
      return false;
    }
    if (!this.admitsStranger(from, nowMs)) return false;
    if (this.#hosts.take(hostOf(from), isOnLoopback(from), nowMs) && this.#allHellos.take(nowMs)) return true;
    this.#counters.drop('helloFlood');
    return false;
  }

  /** An answer to a hello of ours, or a reset that quotes the peer's id: only the peer can know the number in it. */
  #isOfLink(datagram: Uint8Array, from: Address): boolean {
    if (datagram.length < sourceOffset || datagram[typeOffset] === helloType) return false;
    const id = new DataView(datagram.buffer, datagram.byteOffset).getUint32(destinationOffset);
    if (id === noConnection) return false;
    if (this.#sessions.byId(id)?.address === from) return true;
    return this.#sessions.byAddress(from)?.peer?.sourceId === id;
  }
}
