import type { NodeId } from '@simpledht/wire';
import type { DHTNode } from '../dht-node.ts';

/** A node that runs, and where it is. */
export interface Living {
  readonly node: DHTNode;
  readonly address: string;
}

/**
 * What is wrong with the rosters of nodes that should be one cluster, or `undefined`: each holds every other alive, where it
 * is, and nobody else. So all rosters are equal.
 */
export function membershipViolation(living: readonly Living[]): string | undefined {
  const addresses = new Map(living.map(({ node, address }) => [node.id, address]));
  for (const { node } of living) {
    const problem = rosterProblem(node, addresses);
    if (problem !== undefined) return `node ${shortened(node.id)} ${problem}`;
  }
  return undefined;
}

function rosterProblem(node: DHTNode, addresses: ReadonlyMap<NodeId, string>): string | undefined {
  const peers = new Map(node.peers.map((peer) => [peer.id, peer]));
  for (const [id, address] of addresses) {
    if (id === node.id) continue;
    const peer = peers.get(id);
    if (peer === undefined) return `does not know ${shortened(id)}`;
    if (peer.state !== 'alive') return `holds ${shortened(id)} ${peer.state}, which lives`;
    if (peer.address !== address) return `has ${shortened(id)} at ${peer.address}, and it is at ${address}`;
  }
  for (const { id, state } of peers.values()) {
    const isLive = state === 'alive' || state === 'suspect';
    if (isLive && !addresses.has(id)) return `holds ${shortened(id)} ${state}, which does not run`;
  }
  return undefined;
}

function shortened(id: NodeId): string {
  return id.slice(0, 8);
}
