import { SimpleDHTError } from '@simpledht/wire';
import { maxFramePayloadBytes } from './frame.ts';

/** Numbers of the TCP transport. Times in ms, sizes in bytes. Those that are guesses say so. */
export interface TcpSettings {
  /** Connections with another tag are closed without a word. 32 bits. */
  readonly clusterTag: number;
  /** How long a request waits for its answer when the caller does not say. */
  readonly requestTimeoutMs: number;
  /** Largest request or reply that is sent or put together. */
  readonly maxMessageBytes: number;
  /** Largest best-effort payload: one frame. */
  readonly maxDatagramBytes: number;
  /** Longer messages travel in parts of this size, so that small ones pass between them. */
  readonly chunkBytes: number;
  /** A dial that has no connection, TLS included, after this has failed. */
  readonly connectTimeoutMs: number;
  /** A connection that has not said who it is after this is closed; the same again for TLS before it. */
  readonly helloTimeoutMs: number;
  /** Ping when nothing was heard for so long; 0 for never. */
  readonly keepaliveMs: number;
  /** A link is down when a ping was not answered for so long, or when the peer took nothing of what waits for it. */
  readonly downAfterMs: number;
  /** A link that carries no message for so long, and waits for none, ends. */
  readonly idleTimeoutMs: number;
  /** Time for a peer that seems to be replaced by a new one at its address to prove that it lives. */
  readonly challengeTimeoutMs: number;
  /** One of two connections to one peer is closed after this at the latest, if requests on it are still unanswered. */
  readonly retireTimeoutMs: number;
  /** How long `close` waits for peers to take what was sent last. */
  readonly closeTimeoutMs: number;
  /** Connections at a time, both ways. A quiet one makes room; when none is quiet the new one is refused. */
  readonly maxConnections: number;
  /** Accepted connections of one IP address; loopback is not counted. */
  readonly maxConnectionsPerSource: number;
  /** Accepted connections that have not said who they are. A guess: a cluster that starts at once fits. */
  readonly maxPendingHandshakes: number;
  /** Of those, from one IP address; loopback is not counted. */
  readonly maxPendingPerSource: number;
  /** Parts of unfinished messages of one connection, by what came; the first message always has room. */
  readonly maxPartialBytes: number;
  /** The same for all connections together. */
  readonly maxPartialBytesOfAll: number;
  /** Unfinished messages of one connection; an honest peer has two under way. */
  readonly maxPartialMessages: number;
  /** Bytes given to the system at a time, twice; what waits behind them can still be overtaken. */
  readonly maxWriteBytes: number;
  /** Payload waiting above which `backpressure` is told on. */
  readonly backpressureHighBytes: number;
  /** Payload waiting down to which `backpressure` is told off again. */
  readonly backpressureLowBytes: number;
  /** Payload waiting above which requests are refused; one message is always taken. */
  readonly maxQueuedBytes: number;
  /** Replies waiting above which nothing more is read from the peer. */
  readonly maxReplyBytes: number;
  /** Short answers waiting (to pings, to what was refused) above which nothing more is read from the peer. */
  readonly maxControlFrames: number;
  /** Payload waiting above which best-effort payloads are dropped. */
  readonly maxBestEffortBytes: number;
  /** Requests waiting or unanswered above which more are refused. */
  readonly maxPendingRequests: number;
}

const mebibyte = 1_048_576;

export const defaultTcpSettings: TcpSettings = {
  clusterTag: 0,
  requestTimeoutMs: 5000,
  maxMessageBytes: 16_842_752,
  maxDatagramBytes: 16_384,
  chunkBytes: 16_384,
  connectTimeoutMs: 10_000,
  helloTimeoutMs: 5000,
  keepaliveMs: 20_000,
  downAfterMs: 10_000,
  idleTimeoutMs: 120_000,
  challengeTimeoutMs: 2000,
  retireTimeoutMs: 30_000,
  closeTimeoutMs: 500,
  maxConnections: 256,
  maxConnectionsPerSource: 64,
  maxPendingHandshakes: 128,
  maxPendingPerSource: 16,
  maxPartialBytes: 32 * mebibyte,
  maxPartialBytesOfAll: 128 * mebibyte,
  maxPartialMessages: 16,
  maxWriteBytes: 262_144,
  backpressureHighBytes: 8 * mebibyte,
  backpressureLowBytes: 4 * mebibyte,
  maxQueuedBytes: 64 * mebibyte,
  maxReplyBytes: 32 * mebibyte,
  maxControlFrames: 1024,
  maxBestEffortBytes: mebibyte,
  maxPendingRequests: 16_384,
};

/** Throws `ERR_INVALID_OPTION` for numbers that cannot work. */
export function checkedSettings(given: Partial<TcpSettings>): TcpSettings {
  const settings = { ...defaultTcpSettings, ...given };
  for (const [name, value] of Object.entries(settings)) {
    if (!Number.isSafeInteger(value) || value < 0) throw invalid(name, 'a whole number, not negative', value);
  }
  for (const name of ['chunkBytes', 'maxDatagramBytes'] as const) {
    const bytes = settings[name];
    if (bytes < 1 || bytes > maxFramePayloadBytes) throw invalid(name, `1 to ${String(maxFramePayloadBytes)}`, bytes);
  }
  return settings;
}

function invalid(name: string, wanted: string, value: unknown): SimpleDHTError {
  return new SimpleDHTError('ERR_INVALID_OPTION', `${name} must be ${wanted}, not ${String(value)}`);
}
