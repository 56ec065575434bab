/**
 * Numbers of a link. Times in ms, sizes in bytes. Where RFC 9002 names one, it is taken from there; the rest was
 * measured on loopback and on shaped networks. Users set few of them; tests and the simulator set any.
 */
export interface LinkSettings {
  /** Round-trip time before the first sample (RFC 9002 §6.2.2). */
  readonly initialRttMs: number;
  /** Timers are not finer than this (RFC 9002 §6.1.2). */
  readonly granularityMs: number;
  /** An acknowledgement waits at most this long for company. Under `maxAckDelayMs` by what timers are late. */
  readonly ackDelayMs: number;
  /** What the other side adds to its probe time-out for it. */
  readonly maxAckDelayMs: number;
  /** Packets to acknowledge that end the wait. Every 2nd, as QUIC has it, costs a third of the throughput. */
  readonly ackEveryPackets: number;
  /** Shortest probe time-out, before it is backed off. RFC 9002 has none but the granularity. */
  readonly minProbeTimeoutMs: number;
  /** Longest probe time-out, backed off or not. RFC 9002 has none. */
  readonly maxProbeTimeoutMs: number;
  /** Part by which a backed-off probe time-out is varied either way. */
  readonly probeJitter: number;
  /** A packet is lost when one that is this much younger was acknowledged (RFC 9002 §6.1.1). */
  readonly packetThreshold: number;
  /** A packet is lost when one sent this many round-trip times later was acknowledged (RFC 9002 §6.1.2). */
  readonly timeThreshold: number;
  /** A packet is never lost by `timeThreshold` sooner than this (RFC 9002 §6.1.2 takes the granularity). */
  readonly minLossDelayMs: number;
  /** Congestion window at first, in datagrams (RFC 9002 §7.2). */
  readonly initialWindowDatagrams: number;
  /** Congestion window at least, in datagrams (RFC 9002 §7.2 recommends 2; see PROTOCOL.md). */
  readonly minWindowDatagrams: number;
  /** Probe time-outs between two lost packets that mean persistent congestion (RFC 9002 §7.6). */
  readonly persistentCongestionThreshold: number;
  /** A link is down after so many probes in a row unanswered, and no sooner than after `downAfterMs`. */
  readonly downAfterProbes: number;
  /** A link is down after so much time in which nothing at all was heard, and no sooner than after `downAfterProbes`. */
  readonly downAfterMs: number;
  /** A link of which somebody says that its peer forgot it is down unless the peer is heard within this and 3 round trips. */
  readonly suspicionMs: number;
  /** A link that hears nothing for so long, and has nothing to do, ends. */
  readonly idleTimeoutMs: number;
  /** Ping when nothing was sent for so long, to keep an address translator's entry; 0 for never. */
  readonly keepaliveMs: number;
  /** Fragments that a peer may have sent and not seen taken. */
  readonly receiveWindowBytes: number;
  /** Largest message that is sent or put together, and the largest answer. */
  readonly maxMessageBytes: number;
  /** Payload waiting or unacknowledged above which `backpressure` is told on. */
  readonly backpressureHighBytes: number;
  /** Payload waiting or unacknowledged down to which `backpressure` is told off again. */
  readonly backpressureLowBytes: number;
  /** Payload waiting or unacknowledged above which requests are refused; one message is always taken. */
  readonly maxQueuedBytes: number;
  /** Replies waiting or unacknowledged above which the link ends: 16 of the longest. One is always taken. */
  readonly maxReplyBytes: number;
  /** Requests waiting or unanswered above which more are refused. */
  readonly maxPendingRequests: number;
  /** Best-effort payloads waiting for a link or a turn; the oldest is dropped for a new one. */
  readonly maxQueuedDatagrams: number;
}

const mebibyte = 1_048_576;

export const defaultLinkSettings: LinkSettings = {
  initialRttMs: 333,
  granularityMs: 1,
  ackDelayMs: 20,
  maxAckDelayMs: 25,
  ackEveryPackets: 10,
  minProbeTimeoutMs: 25,
  maxProbeTimeoutMs: 5000,
  probeJitter: 0.2,
  packetThreshold: 3,
  timeThreshold: 9 / 8,
  minLossDelayMs: 5,
  initialWindowDatagrams: 10,
  minWindowDatagrams: 4,
  persistentCongestionThreshold: 3,
  downAfterProbes: 6,
  downAfterMs: 5000,
  suspicionMs: 500,
  idleTimeoutMs: 120_000,
  keepaliveMs: 0,
  receiveWindowBytes: 4 * mebibyte,
  maxMessageBytes: 16_842_752,
  backpressureHighBytes: 8 * mebibyte,
  backpressureLowBytes: 4 * mebibyte,
  maxQueuedBytes: 64 * mebibyte,
  maxReplyBytes: 257 * mebibyte,
  maxPendingRequests: 16_384,
  maxQueuedDatagrams: 256,
};
