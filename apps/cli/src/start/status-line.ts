import type { DHTNode } from '@simpledht/node';
import type { Output } from '../output.ts';
import { duration } from '../text.ts';
import { count } from '../values.ts';

const everyMs = 1000;

/** The node's state at the foot of a terminal. Elsewhere it does nothing. */
export class StatusLine {
  readonly #output: Output;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(output: Output, node: DHTNode) {
    this.#output = output;
    if (!output.isTerminal) return;
    this.#timer = setInterval(() => {
      output.setStatus(statusOf(node));
    }, everyMs);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#output.setStatus('');
  }
}

function statusOf(node: DHTNode): string {
  const { ready, size, alive, members, uptimeMs } = node.info();
  const nodes = alive === members ? count(members, 'node') : `${String(alive)} of ${count(members, 'node')} alive`;
  return [ready ? 'in sync' : 'syncing', nodes, count(size, 'key'), `up ${duration(uptimeMs)}`].join('  ·  ');
}
