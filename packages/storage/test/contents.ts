import type { Page, PageRequest, StoredRecord } from '@simpledht/wire';
import type { SimulatedCluster, SimulatedNode } from './simulated-cluster.ts';

/** A record as one comparable line, dot and all. */
export function line(record: StoredRecord): string {
  const { key, value, hlc, writer, expiresAt, origin, seq } = record;
  return [key, value === null ? 'tombstone' : [...value].join(' '), hlc, writer, expiresAt, origin, seq].join('|');
}

/** Everything live in a node's store, in key order: tombstones are purged at different times. */
function contents(node: SimulatedNode): string {
  return Array.from(node.store.range())
    .filter(({ value }) => value !== null)
    .map(line)
    .join('\n');
}

/** What a node covers, in one order; a retired origin counts like one that is listed. */
export function vectorOf(cluster: SimulatedCluster, node: SimulatedNode): string {
  const { vector, retired } = ask(cluster, node, {
    kind: 'page-request',
    after: '',
    maxBytes: 1,
    skip: 0,
    buckets: new Uint8Array(0),
  });
  const covered = new Map(vector.map((entry) => [entry.origin, entry]));
  // One that is listed may have been retired elsewhere, at a lower number.
  for (const entry of retired) if (!covered.has(entry.origin)) covered.set(entry.origin, entry);
  return JSON.stringify([...covered.values()].sort((a, b) => (a.origin < b.origin ? -1 : 1)));
}

function ask(cluster: SimulatedCluster, node: SimulatedNode, message: PageRequest): Page {
  const before = node.replica.take();
  if (before.length > 0) throw new Error('effects are pending');
  node.replica.handle({ type: 'request', peer: undefined, message, exchange: -1 }, cluster.now(node));
  for (const effect of node.replica.take()) {
    if (effect.type === 'reply' && effect.message.kind === 'page') return effect.message;
  }
  throw new Error('no page');
}

/** All nodes hold the same records and cover the same dots. */
export function areEqual(cluster: SimulatedCluster): boolean {
  const [first, ...others] = cluster.nodes;
  if (first === undefined) return true;
  const expected = contents(first);
  const vector = vectorOf(cluster, first);
  return others.every((node) => vectorOf(cluster, node) === vector && contents(node) === expected);
}
