import { createNode, type DHTNode } from '@simpledht/node';
import { serve } from '../child.ts';

/* One member of a cluster in a process of its own. */

let node: DHTNode;
const value = new Uint8Array(100).fill(7);
const nowUs = (): number => Number(process.hrtime.bigint() / 1000n);
const keyOf = (prefix: string, index: number): string => `${prefix}${String(index).padStart(20 - prefix.length, '0')}`;

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

serve({
  async start(bootstrap: string[]) {
    node = await createNode({ host: '127.0.0.1', port: 0, bootstrap });
    await node.ready();
    return node.address;
  },
  async startTimed(bootstrap: string[]) {
    const begun = performance.now();
    node = await createNode({ host: '127.0.0.1', port: 0, bootstrap });
    await node.ready();
    const ms = performance.now() - begun;
    return { ms, size: node.size, rss: process.memoryUsage().rss };
  },
  size: () => node.size,
  alive: () => node.info().alive,
  metrics: () => node.metrics(),
  stop: () => node.stop(),
  /** Puts inside the process as fast as it goes; ms for the calls alone. */
  async puts(prefix: string, count: number) {
    const begun = performance.now();
    for (let i = 0; i < count; i++) await node.put(keyOf(prefix, i), value);
    return performance.now() - begun;
  },
  async until(size: number) {
    const deadline = performance.now() + 60_000;
    while (node.size < size) {
      if (performance.now() > deadline) throw new Error(`has ${String(node.size)} of ${String(size)} keys after 60 s`);
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
