import { createNode, udpTransport, type DHTNode, type NodeOptions } from '@simpledht/node';
import { serve } from '@simpledht/processes';
import { held } from '../heap.ts';
import { flatKeyOf, keyOf, valueOf } from '../samples.ts';
import { diskStore } from '../store.ts';

/* One member of a cluster in a process of its own. */

/** What a member may have instead of the defaults. */
export interface MemberOptions {
  readonly bootstrap: readonly string[];
  /** Largest datagram, on loopback too. */
  readonly datagramBytes?: number;
  /** The cluster's secret. */
  readonly secret?: string;
  /** Where to keep data on disk. */
  readonly data?: string;
}

/** What the process takes of the machine. */
export interface Usage {
  readonly rss: number;
  /** Heap and what hangs on it, garbage too. */
  readonly used: number;
  /** Since its start. */
  readonly cpuMs: number;
}

let node: DHTNode;
const value = valueOf(100);
const nowUs = (): number => Number(process.hrtime.bigint() / 1000n);

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function nodeOptions({ bootstrap, datagramBytes, secret, data }: MemberOptions): Promise<NodeOptions> {
  const address = { host: '127.0.0.1', port: 0 };
  const store = data === undefined ? undefined : await diskStore(data);
  return {
    ...address,
    bootstrap,
    ...(secret === undefined ? {} : { secret }),
    ...(datagramBytes === undefined
      ? {}
      : {
          transport: udpTransport({
            ...address,
            maxDatagramBytes: datagramBytes,
            settings: { loopbackDatagramBytes: datagramBytes },
          }),
        }),
    ...(store === undefined ? {} : { store }),
  };
}

serve({
  async start(options: MemberOptions) {
    node = await createNode(await nodeOptions(options));
    await node.ready();
    return node.address;
  },
  async startTimed(options: MemberOptions) {
    const parts = await nodeOptions(options);
    const begun = performance.now();
    node = await createNode(parts);
    await node.ready();
    const ms = performance.now() - begun;
    return { ms, size: node.size, rss: process.memoryUsage().rss };
  },
  size: () => node.size,
  alive: () => node.info().alive,
  metrics: () => node.metrics(),
  stop: () => node.stop(),
  usage: (): Usage => {
    const { rss, heapUsed, external } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    return { rss, used: heapUsed + external, cpuMs: (user + system) / 1000 };
  },
  /** Puts inside the process as fast as it goes; ms for the calls alone. */
  async puts(prefix: string, count: number, bytes = 100) {
    const written = valueOf(bytes);
    const begun = performance.now();
    for (let i = 0; i < count; i++) await node.put(keyOf(prefix, i), written);
    return performance.now() - begun;
  },
  /** `getSync` of all those keys per second, the best of a few passes. */
  reads(prefix: string, count: number) {
    const keys = Array.from({ length: count }, (_, i) => flatKeyOf(prefix, i));
    const passes = Math.max(3, Math.ceil(50_000 / count));
    let best = 0;
    for (let pass = 0; pass < passes; pass++) {
      const begunMs = performance.now();
      for (const key of keys) node.getSync(key);
      best = Math.max(best, count / ((performance.now() - begunMs) / 1000));
    }
    return best;
  },
  held,
  async until(size: number) {
    const deadline = performance.now() + 120_000;
    while (node.size < size) {
      if (performance.now() > deadline) throw new Error(`has ${String(node.size)} of ${String(size)} keys after 120 s`);
      await turn();
    }
    return nowUs();
  },
  now: nowUs,
  /** Remembers when each `visible…` key shows up here. */
  watch() {
    const seen: Record<string, number> = {};
    node.on('change', ({ key }) => {
      if (key.startsWith('visible')) seen[key] = nowUs();
    });
    seenAt = seen;
  },
  async putsOneByOne(count: number, pauseMs: number) {
    const times: Record<string, number> = {};
    for (let i = 0; i < count; i++) {
      const key = `visible${String(i)}`;
      times[key] = nowUs();
      await node.put(key, value);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    return times;
  },
  seen: () => seenAt,
});

let seenAt: Record<string, number> = {};
