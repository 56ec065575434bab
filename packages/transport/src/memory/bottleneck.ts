import type { Address } from '@simpledht/wire';
import { parseHostPort } from '../address.ts';

/** The slowest line to each host: everything that is sent to it waits there in one queue. */
export interface BottleneckOptions {
  readonly bytesPerSecond: number;
  /** What finds more than this waiting is dropped. */
  readonly queueBytes: number;
}

/** IPv4 and UDP headers of a datagram. */
const headerBytes = 28;

/** When what was sent has left the line: a queue per receiving host that drops at its end. */
export class Bottleneck {
  readonly #options: BottleneckOptions;
  /** When the line to a host is free again; of as many hosts as a test names. */
  readonly #freeMs = new Map<string, number>();

  constructor(options: BottleneckOptions) {
    this.#options = options;
  }

  /** How long a datagram that is sent now takes to leave; `undefined` when the queue has no room for it. */
  delayMs(to: Address, datagramBytes: number, nowMs: number): number | undefined {
    const { bytesPerSecond, queueBytes } = this.#options;
    const { host } = parseHostPort(to);
    const bytes = datagramBytes + headerBytes;
    const startMs = Math.max(nowMs, this.#freeMs.get(host) ?? 0);
    const waitingBytes = ((startMs - nowMs) * bytesPerSecond) / 1000;
    if (waitingBytes > 0 && waitingBytes + bytes > queueBytes) return undefined;
    const freeMs = startMs + (bytes * 1000) / bytesPerSecond;
    this.#freeMs.set(host, freeMs);
    return freeMs - nowMs;
  }
}
