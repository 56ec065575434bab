import { limits } from '@simpledht/wire';

/** Times in ms. The presets give all of them; a user overrides single ones. */
export interface MembershipSettings {
  /** One member is probed per interval. Sets the pace of everything, and the idle cost: 2 datagrams per interval. */
  readonly probeIntervalMs: number;
  /** Then others are asked to probe. Above the 99th percentile of round trips, at most half of the interval. */
  readonly probeTimeoutMs: number;
  /** How many others are asked. */
  readonly indirectProbes: number;
  /** Suspicion lasts at least this × max(1, log10 N) intervals: so long once enough members have confirmed it. */
  readonly suspicionMultiplier: number;
  /** Without a confirmation it lasts this many times as long. */
  readonly suspicionMaxMultiplier: number;
  /** Pace of gossip while there is news. */
  readonly gossipIntervalMs: number;
  /** Peers told per round. */
  readonly gossipFanout: number;
  /** Each piece of news is sent this × ⌈log10(N + 1)⌉ times. */
  readonly transmitMultiplier: number;
  /** Size of a datagram with gossip, bytes, by a careful estimate. */
  readonly maxGossipBytes: number;
  /** Every so often the roster is exchanged with one member, which repairs what gossip lost. Longer in large clusters. */
  readonly exchangeIntervalMs: number;
  /** Time limit of one roster exchange, and so of one bootstrap attempt. */
  readonly exchangeTimeoutMs: number;
  /** Attempts of one `join` before it is reported as failed. */
  readonly bootstrapAttempts: number;
  /** Pause after the first attempt; doubles. */
  readonly bootstrapBackoffMs: number;
  /** Longest pause between attempts in the background. */
  readonly bootstrapMaxBackoffMs: number;
  /** Pause before a dead member is dialled for the first time; doubles up to the span below. */
  readonly redialFirstMs: number;
  /** Shortest pause between two later dials of a dead member. */
  readonly redialMinMs: number;
  /** Longest such pause; each is drawn from between the two. */
  readonly redialMaxMs: number;
  /** Time limit of each goodbye. */
  readonly leaveTimeoutMs: number;
  /** A member dead or left for so long is forgotten. */
  readonly forgetAfterMs: number;
  /** The same for a member whose store does not outlive its process: no later one has its id. It is still asked for where it was. */
  readonly forgetVolatileAfterMs: number;
  /** Members kept in all. When full, the member longest dead makes room for a live one. */
  readonly maxMembers: number;
}

export type MembershipPreset = 'local' | 'lan' | 'wan';

interface Pace {
  readonly probeIntervalMs: number;
  readonly probeTimeoutMs: number;
  readonly indirectProbes: number;
  readonly suspicionMultiplier: number;
  readonly gossipIntervalMs: number;
  readonly gossipFanout: number;
  readonly transmitMultiplier: number;
  readonly exchangeIntervalMs: number;
}

/**
 * The paces are memberlist's (config.go, DefaultLANConfig, DefaultWANConfig, DefaultLocalConfig); the rest follows from them.
 * Healing does not depend on the network's pace: two halves must be one again within 60 s of contact, so the longest
 * pause between two dials stays under that (foca's 65 s would not).
 */
function preset(pace: Pace): MembershipSettings {
  return {
    ...pace,
    suspicionMaxMultiplier: 6,
    maxGossipBytes: 1000,
    // Room for a lost handshake packet and its repetition, yet 3 attempts and their pauses stay within 20 s.
    exchangeTimeoutMs: Math.min(5000, 4 * pace.probeTimeoutMs),
    bootstrapAttempts: 3,
    bootstrapBackoffMs: 500,
    bootstrapMaxBackoffMs: 60_000,
    redialFirstMs: 2 * pace.probeIntervalMs,
    redialMinMs: 30_000,
    redialMaxMs: 55_000,
    leaveTimeoutMs: Math.min(1000, pace.probeTimeoutMs),
    forgetAfterMs: 7 * 24 * 3_600_000,
    forgetVolatileAfterMs: 600_000,
    maxMembers: limits.maxMembers,
  };
}

export const presets: Readonly<Record<MembershipPreset, MembershipSettings>> = {
  /** One machine: round trips under 10 ms. */
  local: preset({
    probeIntervalMs: 1000,
    probeTimeoutMs: 200,
    indirectProbes: 1,
    suspicionMultiplier: 3,
    gossipIntervalMs: 100,
    gossipFanout: 3,
    transmitMultiplier: 2,
    exchangeIntervalMs: 15_000,
  }),
  /** One data centre or house: round trips under 100 ms. The default. */
  lan: preset({
    probeIntervalMs: 1000,
    probeTimeoutMs: 500,
    indirectProbes: 3,
    suspicionMultiplier: 4,
    gossipIntervalMs: 200,
    gossipFanout: 3,
    transmitMultiplier: 4,
    exchangeIntervalMs: 30_000,
  }),
  /** Between continents: round trips under 1 s. */
  wan: preset({
    probeIntervalMs: 5000,
    probeTimeoutMs: 3000,
    indirectProbes: 3,
    suspicionMultiplier: 6,
    gossipIntervalMs: 500,
    gossipFanout: 4,
    transmitMultiplier: 4,
    exchangeIntervalMs: 60_000,
  }),
};

/**
 * The least time that a suspect has to refute: Min = α · max(1, log10 N) · interval (Lifeguard §IV-B; memberlist
 * suspicionTimeout). `size` counts this node.
 */
export function suspicionMs(settings: MembershipSettings, size: number): number {
  return settings.suspicionMultiplier * Math.max(1, Math.log10(size)) * settings.probeIntervalMs;
}

/**
 * K, the confirmations that shorten a suspicion to its minimum: α − 2 (memberlist state.go, suspectNode), and none when
 * fewer members than that are left beside this node and the suspect.
 */
export function confirmationsNeeded(settings: MembershipSettings, size: number): number {
  const needed = Math.max(0, Math.floor(settings.suspicionMultiplier) - 2);
  return size - 2 < needed ? 0 : needed;
}

/**
 * How long a suspect has to refute when `confirmations` members have found, beside the first, that it does not answer:
 * max(Min, Max − (Max − Min) · log(C + 1) / log(K + 1)) with Max = 6 · Min (Lifeguard, arXiv 1707.00788 §IV-B; memberlist
 * suspicion.go, remainingSuspicionTime). A node that nobody agrees with doubts itself first.
 */
export function suspicionTimeoutMs(settings: MembershipSettings, size: number, confirmations: number): number {
  const leastMs = suspicionMs(settings, size);
  const needed = confirmationsNeeded(settings, size);
  if (confirmations >= needed) return leastMs;
  const mostMs = Math.max(1, settings.suspicionMaxMultiplier) * leastMs;
  return mostMs - ((mostMs - leastMs) * Math.log(confirmations + 1)) / Math.log(needed + 1);
}

/** How long a dead or left member is remembered. */
export function keptForMs(settings: MembershipSettings, durable: boolean): number {
  return durable ? settings.forgetAfterMs : Math.min(settings.forgetAfterMs, settings.forgetVolatileAfterMs);
}

/** How often one piece of news is sent by one node (SWIM §4.1: λ·log n reaches all; memberlist retransmitLimit). */
export function transmitLimit(settings: MembershipSettings, size: number): number {
  return settings.transmitMultiplier * Math.ceil(Math.log10(size + 1));
}

/** Above 32 members the roster is exchanged less often (memberlist pushPullScale), as it is longer then. */
export function exchangePauseMs(settings: MembershipSettings, size: number): number {
  return settings.exchangeIntervalMs * (size <= 32 ? 1 : Math.ceil(Math.log2(size) - 5) + 1);
}

/**
 * Span over which newly learned members are contacted. When many join at once each of them hears of all others at about
 * the same time, so nobody is dialled more than about 20 times a second: the transport's allowance for handshakes.
 */
export function contactSpreadMs(size: number): number {
  return Math.max(200, 50 * size);
}

/**
 * Between two whole rosters that are compared because a dead member answered: as long as dialling everyone known takes, so
 * that it is one for each node when halves of a cluster meet.
 */
export function reunionPauseMs(settings: MembershipSettings, known: number): number {
  return Math.max(settings.exchangeTimeoutMs, contactSpreadMs(known));
}
