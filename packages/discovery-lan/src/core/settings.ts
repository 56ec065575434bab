import { SimpleDHTError } from '@simpledht/wire';

/** Numbers of discovery on a LAN. Times in ms, sizes in bytes. */
export interface LanSettings {
  /** UDP port of multicast DNS; nodes with different ones do not hear each other. */
  readonly port: number;
  /** How often the network interfaces are looked at: one that comes up is used after at most so long. */
  readonly rescanMs: number;
  /** Interfaces used at a time, IPv4 and IPv6 counted apart; of more, those that come first. */
  readonly maxInterfaces: number;
  /** Everything first waits up to so long, and at least a sixth of it, so that many nodes do not speak at once (RFC 6762 §5.2, §6). */
  readonly maxDelayMs: number;
  /** Pause between the first two questions; each further one is twice as long (RFC 6762 §5.2). */
  readonly queryMs: number;
  /** Longest pause between two questions on a network; what one node asks, others need not ask. */
  readonly maxQueryMs: number;
  /** An answer is not repeated earlier on the same interface (RFC 6762 §6). */
  readonly answerGapMs: number;
  /** An announcement holds for so long. */
  readonly ttlMs: number;
  /** Somebody who is there is told again not earlier than this. */
  readonly reofferMs: number;
  /** Another address of somebody who was told a moment ago is told not earlier than this. */
  readonly nextAddressMs: number;
  /** Nodes remembered; beyond it the one that was not heard of for longest is forgotten, and is told like a new one later. */
  readonly maxNodes: number;
  /** Addresses remembered of one node; beyond it the oldest is forgotten. */
  readonly maxAddresses: number;
  /** Announcements looked at in one packet; nodes send one. */
  readonly maxPerPacket: number;
  /** Longer packets are dropped unread; those of nodes have less than half. */
  readonly maxPacketBytes: number;
  /** Packets of one sender read per second; twice as many at once. */
  readonly packetsPerSource: number;
  /** Packets of all senders read per second; twice as many at once. */
  readonly packetsOfAll: number;
  /** Addresses told per second; four times as many at once. */
  readonly offersPerSecond: number;
  /** Senders told apart at a time; all beyond share what one may. */
  readonly maxSources: number;
  /** How long `stop` waits until the announcement is taken back. */
  readonly stopTimeoutMs: number;
}

export const defaultLanSettings: LanSettings = {
  port: 5353,
  rescanMs: 5000,
  maxInterfaces: 16,
  maxDelayMs: 120,
  queryMs: 1000,
  maxQueryMs: 60_000,
  answerGapMs: 1000,
  ttlMs: 120_000,
  reofferMs: 20_000,
  nextAddressMs: 1000,
  maxNodes: 1024,
  maxAddresses: 4,
  maxPerPacket: 8,
  maxPacketBytes: 1500,
  packetsPerSource: 50,
  packetsOfAll: 200,
  offersPerSecond: 8,
  maxSources: 256,
  stopTimeoutMs: 250,
};

const atLeastOne = ['rescanMs', 'queryMs', 'maxQueryMs', 'ttlMs', 'maxNodes', 'maxAddresses', 'port'] as const;

/** Throws `ERR_INVALID_OPTION` for numbers that cannot work. */
export function checkedSettings(given: Partial<LanSettings>): LanSettings {
  const settings = { ...defaultLanSettings, ...given };
  for (const [name, value] of Object.entries(settings))
    if (!Number.isSafeInteger(value) || value < 0) throw invalid(name, 'a whole number, not negative', value);
  for (const name of atLeastOne) if (settings[name] < 1) throw invalid(name, 'at least 1', settings[name]);
  if (settings.port > 65_535) throw invalid('port', 'at most 65535', settings.port);
  return settings;
}

function invalid(name: string, wanted: string, value: unknown): SimpleDHTError {
  return new SimpleDHTError('ERR_INVALID_OPTION', `${name} must be ${wanted}, not ${String(value)}`);
}
