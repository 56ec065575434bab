import { connect, type Client, type ClientOptions } from '@simpledht/node';
import { serve } from '@simpledht/processes';

/* A client that asks for one key after the other, and another one that connects anew every half second. */

export interface Sample {
  /** When it was asked, ms since the epoch: the same in all processes. */
  readonly atMs: number;
  readonly tookMs: number;
  readonly failed: boolean;
}

export interface Probes {
  readonly gets: readonly Sample[];
  /** Connect, get, close, each with a client of its own. */
  readonly newcomers: readonly Sample[];
}

const key = 'probe';
const pauseMs = 1;
const newcomerPauseMs = 500;

let to: ClientOptions = {};
let client: Client | undefined;
let probing = false;
let ended: Promise<unknown> = Promise.resolve();
let probes: { gets: Sample[]; newcomers: Sample[] } = { gets: [], newcomers: [] };

async function sample(samples: Sample[], ask: () => Promise<unknown>): Promise<void> {
  const atMs = performance.timeOrigin + performance.now();
  const failed = await ask().then(
    () => false,
    () => true,
  );
  samples.push({ atMs, tookMs: performance.timeOrigin + performance.now() - atMs, failed });
}

async function repeat(waitMs: number, ask: () => Promise<void>): Promise<void> {
  while (probing) {
    await ask();
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

async function comeAnew(): Promise<void> {
  const newcomer = await connect(to);
  try {
    await newcomer.get(key);
  } finally {
    await newcomer.close();
  }
}

serve({
  async start(options: ClientOptions) {
    to = options;
    client = await connect(to);
    await client.put(key, new Uint8Array(100));
    probing = true;
    const made = client;
    ended = Promise.all([
      repeat(pauseMs, () => sample(probes.gets, () => made.get(key))),
      repeat(newcomerPauseMs, () => sample(probes.newcomers, () => comeAnew())),
    ]);
  },
  /** What was measured since the last call. */
  take(): Probes {
    const taken = probes;
    probes = { gets: [], newcomers: [] };
    return taken;
  },
  async stop() {
    probing = false;
    await ended;
    await client?.close();
  },
  cpuMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
});
