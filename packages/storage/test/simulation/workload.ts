import { startMs } from '../simulated-cluster.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import type { Scene } from './scene.ts';
import type { Write } from '../../src/index.ts';
import { bytesOf } from '../simulated-cluster.ts';

const keys = 12;

/** Puts, deletes, batches and writes that expire, by one random node at a time. */
export function writeSome(scene: Scene): void {
  const node = scene.pick(scene.cluster.nodes);
  if (!node.up) return;
  if (scene.random() < 0.15) writeBatch(scene, node);
  else {
    const count = scene.random() < 0.1 ? 8 : 1 + scene.below(2);
    for (let index = 0; index < count; index++) {
      const record = node.replica.put(drawn(scene), scene.cluster.now(node).wallMs);
      scene.wrote(node, record, needed(scene));
    }
  }
  scene.cluster.turn(node);
}

function writeBatch(scene: Scene, node: SimulatedNode): void {
  const writes = Array.from({ length: 2 + scene.below(3) }, () => drawn(scene));
  const records = node.replica.batch(writes, scene.cluster.now(node).wallMs);
  for (const record of records) scene.wrote(node, record, needed(scene));
}

function drawn(scene: Scene): Write {
  const { deletes = 0.3, expiring = 0 } = scene.kind;
  const key = `\u0000k${String(scene.below(keys))}`;
  if (scene.random() < deletes) return { key, value: null, expiresAt: 0 };
  const expiresAt =
    scene.random() < expiring ? Math.floor(startMs + scene.cluster.nowMs + 500 + scene.below(6_000)) : 0;
  return { key, value: bytesOf(`v${String(scene.below(1_000))}`), expiresAt };
}

/** One, two, a majority or all. */
function needed(scene: Scene): number {
  const members = scene.cluster.nodes.length;
  const chance = scene.random();
  if (chance < 0.8) return 1;
  return chance < 0.9 ? 2 : chance < 0.95 ? Math.floor(members / 2) + 1 : members;
}
