import { DHTNode } from './dht-node.ts';
import type { NodeOptions } from './options.ts';

/** `new DHTNode(options)` and `start()` in one. */
export async function createNode(options?: NodeOptions): Promise<DHTNode> {
  const node = new DHTNode(options);
  await node.start();
  return node;
}
