import type { LinkSettings } from '../link/settings.ts';
import { defaultLinkSettings } from '../link/settings.ts';

/** Numbers of a datagram transport. Times in ms, sizes in bytes. */
export interface TransportSettings extends LinkSettings {
  /** Largest datagram to peers that are not on this machine: 1,200 always arrive (RFC 9000 §14), up to 1,452 on Ethernet. */
  readonly maxDatagramBytes: number;
  /** Largest datagram between loopback addresses: the most that Linux charges the receiver's buffer 16 KiB for, 8 KiB too. */
  readonly loopbackDatagramBytes: number;
  /** Packets of another cluster are dropped without an answer. 32 bits. */
  readonly clusterTag: number;
  /** How long a request waits for its answer when the caller does not say. */
  readonly requestTimeoutMs: number;
  /** Links at a time. A quiet one makes room for a new one that proves its address; when none is quiet that is refused. */
  readonly maxLinks: number;
  /** Handshakes answered and not confirmed. Beyond it, hellos are dropped. */
  readonly maxPendingHandshakes: number;
  /** Handshakes pending above which a hello must prove its address by a token. */
  readonly retryAbovePending: number;
  /** A hello is repeated after this, then twice that, and so on, up to `maxHelloIntervalMs`, ± `probeJitter`. */
  readonly helloIntervalMs: number;
  /** Longest pause between two hellos of one handshake. */
  readonly maxHelloIntervalMs: number;
  /** A handshake has failed after this. */
  readonly handshakeTimeoutMs: number;
  /** Requests of all links together that came and are not handed over; a link with its share of it is not read. */
  readonly maxWaitingRequestBytes: number;
  /** Requests are handed over for so long in a turn, one of each link at least. What is left is for the next turn. */
  readonly turnMs: number;
  /** The same while more datagrams wait in the socket. */
  readonly busyTurnMs: number;
  /** So many datagrams in a turn mean that more wait: libuv reads 32 at most before it goes on. */
  readonly busyDatagrams: number;
  /** Partial messages of all links together. */
  readonly maxReassemblyBytes: number;
  /** With a secret, a key is used for at most so long while there is traffic. */
  readonly rekeyAfterMs: number;
  /** With a secret, a key is used for at most so many packets: 2^23, the most that RFC 9001 §6.6 allows with AES-GCM. */
  readonly rekeyAfterPackets: number;
  /** Packets without a link that are answered with a reset, per second. */
  readonly maxResetsPerSecond: number;
  /** Packets of no known link that are looked at, for each network (/24 of IPv4, /64 of IPv6); a second's worth at once. */
  readonly strangerPacketsPerSecond: number;
  /** The same for networks of loopback addresses: their packets are of this machine, where whoever sends them can do worse. */
  readonly loopbackPacketsPerSecond: number;
  /** Hellos that are looked at, for each host (an IPv4 address, /64 of IPv6). */
  readonly hellosPerSecond: number;
  /** Hellos of one host at once. */
  readonly helloBurst: number;
  /** The same for a loopback address, a second's worth at once: every program of this machine has that one address. */
  readonly loopbackHellosPerSecond: number;
  /** Hellos that are looked at, of all hosts together, a quarter of it at once: one that is answered costs 20 to 30 µs. */
  readonly maxHellosPerSecond: number;
  /** Hellos without a token that are answered, of all hosts together; beyond it a token is asked for. */
  readonly unprovenHellosPerSecond: number;
  /** Packets of one link that fail their tag; beyond it they count among those of strangers. */
  readonly failedTagsPerSecond: number;
  /** Payloads of one link that make no sense to the owner; beyond it the link ends. A newer peer may try what we do not know. */
  readonly nonsensePerSecond: number;
  /** Such payloads at once. */
  readonly nonsenseBurst: number;
  /** A host that had a link and broke its rules makes no other for so long, at most 1,000. */
  readonly faultPenaltyMs: number;
  /** Networks, and hosts, that are told apart at a time; all beyond share what one may. */
  readonly maxSources: number;
}

/** Datagrams are never limited below this: a hello and the largest acknowledgement fit. */
export const leastDatagramBytes = 512;

export const defaultTransportSettings: TransportSettings = {
  ...defaultLinkSettings,
  maxDatagramBytes: 1200,
  loopbackDatagramBytes: 16_000,
  clusterTag: 0,
  requestTimeoutMs: 5000,
  maxLinks: 256,
  maxPendingHandshakes: 1024,
  retryAbovePending: 100,
  helloIntervalMs: 333,
  maxHelloIntervalMs: 2000,
  handshakeTimeoutMs: 10_000,
  maxWaitingRequestBytes: 16_777_216,
  turnMs: 1,
  busyTurnMs: 0.1,
  busyDatagrams: 32,
  maxReassemblyBytes: 67_108_864,
  rekeyAfterMs: 120_000,
  rekeyAfterPackets: 8_388_608,
  maxResetsPerSecond: 100,
  strangerPacketsPerSecond: 1000,
  loopbackPacketsPerSecond: 10_000,
  hellosPerSecond: 20,
  helloBurst: 5,
  loopbackHellosPerSecond: 1000,
  maxHellosPerSecond: 2000,
  unprovenHellosPerSecond: 200,
  failedTagsPerSecond: 1000,
  nonsensePerSecond: 10,
  nonsenseBurst: 100,
  faultPenaltyMs: 1000,
  maxSources: 4096,
};
