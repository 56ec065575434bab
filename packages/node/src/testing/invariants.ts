import type { DHTNode } from '../dht-node.ts';

/** What is wrong with nodes that should agree: the first thing that is found, or `undefined`. */
export function firstViolation(nodes: readonly DHTNode[]): string | undefined {
  for (const node of nodes) {
    const problem = ownProblem(node);
    if (problem !== undefined) return `${named(node)} ${problem}`;
  }
  return disagreement(nodes);
}

/** Every entry with its version, as text, in key order. */
export function contents(node: DHTNode): Map<string, string> {
  const lines = new Map<string, string>();
  for (const [key, value] of node.entries()) {
    lines.set(key, JSON.stringify([value, node.entry(key)?.version], plain));
  }
  return lines;
}

function ownProblem(node: DHTNode): string | undefined {
  const { ready, size, tombstones } = node.info();
  const counted = [...node.keys()].length;
  if (!ready) return 'is not ready';
  if (size !== counted) return `says that it has ${String(size)} keys and shows ${String(counted)}`;
  if (tombstones < 0) return `counts ${String(tombstones)} tombstones`;
  return undefined;
}

function disagreement(nodes: readonly DHTNode[]): string | undefined {
  const [first, ...others] = nodes;
  if (first === undefined) return undefined;
  const expected = contents(first);
  for (const other of others) {
    const found = contents(other);
    for (const key of new Set([...expected.keys(), ...found.keys()])) {
      const [one, two] = [expected.get(key) ?? 'nothing', found.get(key) ?? 'nothing'];
      if (one !== two) return `${named(first)} has ${one} for ${key}, and ${named(other)} has ${two}`;
    }
  }
  return undefined;
}

function named({ id }: DHTNode): string {
  return `node ${id.slice(0, 8)}`;
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
