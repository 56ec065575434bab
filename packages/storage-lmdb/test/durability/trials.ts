import { rmSync } from 'node:fs';
import { createNode, type DHTNode } from '@simpledht/node';
import { lmdbStore } from '../../src/index.ts';
import { newDirectory, undoLater } from '../support/temporary.ts';
import { cutPower, mountImage, newImage } from './file-systems.ts';
import { missing, Writing, type Acknowledged } from './writing.ts';

/** What a trial showed. */
export interface Outcome {
  /** Acknowledged writes. */
  readonly answers: number;
  /** Keys that they were of. */
  readonly keys: number;
  /** Keys whose acknowledged write is not there. */
  readonly lost: readonly string[];
  /** What else is wrong with the store, in words. */
  readonly wrong: readonly string[];
}

/** One store, and processes that write to it until they are killed. */
export class Kills {
  readonly #path = newDirectory();
  readonly #sync: boolean;
  readonly #acknowledged = new Map<string, number>();
  #runs = 0;

  constructor(sync: boolean) {
    this.#sync = sync;
  }

  /** `kill -9` so long after the first answer; then all that was ever answered for has to be there. */
  async killAfter(ms: number): Promise<Outcome> {
    const writing = begin(this.#path, String(this.#runs++), this.#sync);
    await writing.runFor(ms);
    for (const [key, number] of await writing.kill()) this.#acknowledged.set(key, number);
    const found = await lookInto(this.#path, this.#acknowledged);
    return { answers: writing.answers, keys: this.#acknowledged.size, ...found };
  }

  /** What is wrong with the sums of the store, found by a node on it. */
  whatIsWrong(): Promise<string[]> {
    return inconsistencies(this.#path);
  }
}

/** Writes until the power goes so long after the first answer; then what the disk held is looked at. */
export async function cutAfter(ms: number, sync: boolean): Promise<Outcome> {
  const image = newImage();
  const disk = mountImage(image);
  const writing = begin(disk.path, 'cut', sync);
  await writing.runFor(ms);
  await writing.freeze();
  const remains = cutPower(image);
  const acknowledged = await writing.kill();
  disk.unmount();
  const found = mountImage(remains);
  const seen = await lookInto(found.path, acknowledged);
  const wrong = sync && seen.wrong.length === 0 ? await inconsistencies(found.path) : seen.wrong;
  found.unmount();
  for (const file of [image, remains]) rmSync(file);
  return { answers: writing.answers, keys: acknowledged.size, lost: seen.lost, wrong };
}

function begin(path: string, run: string, sync: boolean): Writing {
  const writing = new Writing(path, run, sync);
  undoLater(() => writing.kill());
  return writing;
}

async function lookInto(path: string, acknowledged: Acknowledged): Promise<Pick<Outcome, 'lost' | 'wrong'>> {
  let store;
  try {
    store = lmdbStore({ path });
  } catch (error) {
    return { lost: [...acknowledged.keys()], wrong: [`it does not open: ${String(error)}`] };
  }
  try {
    const [held, size] = [[...store.range()].length, store.size];
    const wrong = held === size ? [] : [`it counts ${String(size)} records and holds ${String(held)}`];
    return { lost: missing(store, acknowledged), wrong };
  } finally {
    await store.close();
  }
}

/** A node on the store agrees with itself, and another one that joins it has the same: the sums fit the records. */
async function inconsistencies(path: string): Promise<string[]> {
  const nodes: DHTNode[] = [];
  const stop = async (): Promise<void> => {
    for (const node of nodes.splice(0)) await node.stop();
  };
  undoLater(stop);
  try {
    const first = await createNode({ host: '127.0.0.1', port: 0, store: lmdbStore({ path }) });
    nodes.push(first);
    const entries = [...first.entries()];
    const second = await createNode({ host: '127.0.0.1', port: 0, bootstrap: [first.address] });
    nodes.push(second);
    await second.ready();
    const copied = [...second.entries()];
    await first.put('afterwards', 1, { acks: 'all' });
    const repairs = first.metrics()['storage']?.['repairs'] ?? 0;
    return [
      ...(first.size === entries.length + 1
        ? []
        : [`its size is ${String(first.size)}, not ${String(entries.length + 1)}`]),
      ...(JSON.stringify(copied) === JSON.stringify(entries) ? [] : ['who joins it has something else']),
      ...(repairs === 0 ? [] : [`${String(repairs)} repairs began: its sums do not fit its records`]),
    ];
  } finally {
    await stop();
  }
}
