import type { MemoryNetwork, MemoryNetworkOptions, Transport, VirtualClock } from '../../src/index.ts';
import type { Peer } from './pair.ts';
import { settled, world } from './pair.ts';

export interface BulkOptions {
  readonly seed?: number;
  /** On the way, each way, ms. */
  readonly delayMs: number;
  /** Part of datagrams lost, each way. */
  readonly loss?: number;
  readonly network?: MemoryNetworkOptions;
  /** Hosts that send to the same one; each `bytes`, in requests of `requestBytes`, 4 at a time. */
  readonly senders?: number;
  readonly bytes: number;
  readonly requestBytes?: number;
}

export interface BulkFigures {
  /** Of each sender. */
  readonly bytesPerSecond: readonly number[];
  /** How long small requests of the first sender took that were made every 50 ms meanwhile; ascending. */
  readonly smallMs: readonly number[];
  readonly network: MemoryNetwork['counters'];
}

const receiver = '10.0.0.2:1';
const smallBytes = 100;

/** 10 Mbit/s with a queue of 50 ms, as on a slow line. */
export const slowLine = { bytesPerSecond: 1_250_000, queueBytes: 62_500 };

/** Sends bulk and small requests to one host, checks that each arrives once and as it was, and gives the figures. */
export async function transfer(options: BulkOptions): Promise<BulkFigures> {
  const { delayMs, loss = 0, seed = 1, bytes, requestBytes = 250_000 } = options;
  const { clock, network, peer } = world(seed, { delayMs: [delayMs, delayMs], ...options.network });
  const made = [await peer(receiver)];
  for (let sender = 0; sender < (options.senders ?? 1); sender++) made.push(await peer(`10.0.1.${String(sender)}:1`));
  for (const { socket } of made) socket.setFaults({ lose: loss });
  const [target, ...senders] = made;
  if (target === undefined) throw new Error('Nobody to send to');
  const arrived = checkArrivals(target);
  const run = new BulkRun(clock, { bytes, requestBytes });
  const figures = await run.of(senders.map(({ transport }) => transport));
  const sent = run.sent.toSorted((a, b) => a - b);
  if (arrived.toSorted((a, b) => a - b).join() !== sent.join()) throw new Error('Not each arrived once');
  return { ...figures, network: network.counters };
}

/** Answers small requests with themselves and large ones with nothing; gives the names of what came, which are checked. */
function checkArrivals(target: Peer): number[] {
  const arrived: number[] = [];
  target.answer = (payload, reply) => {
    const name = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
    if (Buffer.compare(payload, payloadOf(name, payload.length)) !== 0) throw new Error('Came otherwise than it was');
    arrived.push(name);
    reply(payload.length === smallBytes ? payload : new Uint8Array(0));
  };
  return arrived;
}

/** Differs from name to name and from place to place. */
function payloadOf(name: number, length: number): Uint8Array {
  const payload = new Uint8Array(length);
  for (let index = 0; index < length; index++) payload[index] = (index * 31 + (index >> 8) * 7 + name) & 255;
  new DataView(payload.buffer).setUint32(0, name);
  return payload;
}

class BulkRun {
  readonly #clock: VirtualClock;
  readonly #size: { readonly bytes: number; readonly requestBytes: number };
  readonly #smallMs: number[] = [];
  readonly sent: number[] = [];
  #done = false;

  constructor(clock: VirtualClock, size: { readonly bytes: number; readonly requestBytes: number }) {
    this.#clock = clock;
    this.#size = size;
  }

  async of(senders: readonly Transport[]): Promise<Pick<BulkFigures, 'bytesPerSecond' | 'smallMs'>> {
    const smalls = this.#askSmall(senders[0]);
    const startMs = this.#clock.monotonic();
    const bulks = senders.map(async (sender) => {
      await this.#sendBulk(sender);
      return (this.#size.bytes * 1000) / (this.#clock.monotonic() - startMs);
    });
    const figures = Promise.all(bulks).finally(() => (this.#done = true));
    const [bytesPerSecond] = await settled(this.#clock, Promise.all([figures, smalls]), 3_600_000);
    return { bytesPerSecond, smallMs: this.#smallMs.toSorted((a, b) => a - b) };
  }

  async #sendBulk(sender: Transport): Promise<void> {
    const { bytes, requestBytes } = this.#size;
    let left = Math.ceil(bytes / requestBytes);
    const worker = async (): Promise<void> => {
      while (left-- > 0) await this.#ask(sender, requestBytes);
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
  }

  async #askSmall(sender: Transport | undefined): Promise<void> {
    const asked: Promise<void>[] = [];
    while (!this.#done && sender !== undefined) {
      const startMs = this.#clock.monotonic();
      const answered = this.#ask(sender, smallBytes);
      asked.push(answered.then(() => void this.#smallMs.push(this.#clock.monotonic() - startMs)));
      await new Promise<void>((resolve) => {
        this.#clock.setTimeout(resolve, 50);
      });
    }
    await Promise.all(asked);
  }

  async #ask(sender: Transport, length: number): Promise<void> {
    const name = this.sent.length;
    this.sent.push(name);
    const reply = await sender.request(receiver, payloadOf(name, length), { timeoutMs: 3_600_000 });
    if (length === smallBytes && Buffer.compare(reply, payloadOf(name, length)) !== 0) throw new Error('Wrong reply');
  }
}

/** Jain's index: 1 when all have the same, 1/n when one has everything. */
export function fairness(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return (sum * sum) / (shares.length * squares);
}

/** The value below which `part` of the ascending figures are. */
export function percentile(ascending: readonly number[], part: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * part))] ?? Number.NaN;
}
