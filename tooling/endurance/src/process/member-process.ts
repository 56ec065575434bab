import { createHash } from 'node:crypto';
import { openSync } from 'node:fs';
import { createNode, type DHTNode, type NodeId } from '@simpledht/node';
import { lmdbStore } from '@simpledht/storage-lmdb';
import type { Held, MemberOptions, Operation, Sample } from '../run/operations.ts';
import { say, serve } from '@simpledht/processes';

/* One member of a cluster, with a store on disk, that writes what it is told to. */

const ackTimeoutMs = 5_000;
/** How many puts are not made by a member that is broken on purpose. */
const lostEvery = 500;
const leakedBytes = 1_000;

let node: DHTNode;
let broken: MemberOptions['breaks'];
let acknowledged: [string, number, boolean][] = [];
let failed = 0;
let writes = 0;
const leaked: unknown[] = [];

function tell(): void {
  if (acknowledged.length + failed === 0) return;
  say({ acknowledged, failed });
  [acknowledged, failed] = [[], 0];
}

async function write({ key, number, kind, ttlMs, acks }: Operation): Promise<void> {
  writes += 1;
  leak();
  const isLost = broken === 'lost-writes' && writes % lostEvery === 0;
  const options = { acks, timeout: ackTimeoutMs };
  // The first of a turn to settle sends for all that settle in it.
  const first = (): void => {
    if (acknowledged.length + failed === 0) setImmediate(tell);
  };
  try {
    if (kind === 'delete') await node.delete(key, options);
    else if (!isLost) await node.put(key, valueOf(number), kind === 'ttl' ? { ...options, ttl: ttlMs } : options);
    first();
    acknowledged.push([key, number, acks === 'majority']);
  } catch {
    first();
    failed += 1;
  }
}

function valueOf(number: number): readonly [number, string] {
  return [number, 'x'.repeat(50 + (number % 100))];
}

function leak(): void {
  if (broken === 'timers') setTimeout(() => undefined, 86_400_000);
  if (broken === 'memory') leaked.push(new Uint8Array(leakedBytes));
  if (broken === 'files' && writes % 100 === 0) leaked.push(openSync('/dev/null', 'r'));
}

/** Collects until buffers of what was collected are freed too, which takes turns of the event loop. */
async function heapBytes(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Timers and handles that keep a process going. Node.js calls this an experiment still, so it is looked for. */
function resourcesOf({ getActiveResourcesInfo }: { readonly getActiveResourcesInfo?: () => string[] }): number {
  if (getActiveResourcesInfo === undefined) throw new Error('This Node.js does not tell its active resources');
  return getActiveResourcesInfo().length;
}

serve({
  async start({ host, port, advertise, bootstrap, path, breaks }: MemberOptions) {
    broken = breaks;
    const store = lmdbStore({ path });
    node = await createNode({ host, port, bootstrap, store, ...(advertise === undefined ? {} : { advertise }) });
    return { id: node.id, address: node.address };
  },
  write(operations: readonly Operation[]) {
    for (const operation of operations) void write(operation);
  },
  alive: () => node.info().alive,
  forget: (id: NodeId) => node.forget(id),
  /** Equal where the same writes are held. */
  digest() {
    const hash = createHash('sha256');
    for (const key of node.keys()) hash.update(`${key} ${node.entry(key)?.version ?? ''}\n`);
    return hash.digest('hex');
  },
  held(): Held[] {
    return [...node.keys()].flatMap((key) => {
      const entry = node.entry(key);
      if (entry === undefined) return [];
      const number = Array.isArray(entry.value) ? Number(entry.value[0]) : Number.NaN;
      return [[key, number, entry.expiresAt ?? 0] as const];
    });
  },
  async sample(): Promise<Sample> {
    const heap = await heapBytes();
    const { tombstones, size, alive } = node.info();
    const resources = resourcesOf(process);
    return { heapBytes: heap, resources, tombstones, size, alive };
  },
  tombstones: () => node.info().tombstones,
  metrics: () => node.metrics(),
  stop: () => node.stop(),
});
