import { createNode, type DHTNode } from '@simpledht/node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lmdbStore } from '../src/index.ts';
import { cutPower, mountImage, newImage, whyNoMounts } from './durability/file-systems.ts';
import { randomFrom } from './durability/random.ts';
import { missing, Writing, type Acknowledged } from './durability/writing.ts';
import { newDirectory } from './support/directories.ts';

/* Real processes and real file systems; what is not random is what must never happen. See the README for the long form. */

const isLong = process.env['SIMPLEDHT_DURABILITY'] === 'long';
const kills = isLong ? 20 : 3;
const images = isLong ? 10 : 2;
const seed = Number(process.env['SIMPLEDHT_SEED'] ?? Date.now() % 1_000_000);
const whyNot = whyNoMounts();

function report(text: string): void {
  if (isLong) process.stdout.write(`${text}\n`);
}

/** A node on the store agrees with itself, and another one that joins it has the same: the sums fit the records. */
async function expectConsistent(path: string): Promise<void> {
  const nodes: DHTNode[] = [];
  onTestFinished(async () => {
    for (const node of nodes) await node.stop();
  });
  const first = await createNode({ host: '127.0.0.1', port: 0, store: lmdbStore({ path }) });
  nodes.push(first);
  const entries = [...first.entries()];
  expect(first.size).toBe(entries.length);
  const second = await createNode({ host: '127.0.0.1', port: 0, bootstrap: [first.address] });
  nodes.push(second);
  await second.ready();
  expect([...second.entries()]).toEqual(entries);
  await first.put('afterwards', 1, { acks: 'all' });
  expect(first.metrics()['storage']?.['repairs'] ?? 0).toBe(0);
  for (const node of nodes.splice(0)) await node.stop();
}

async function expectKept(path: string, acknowledged: Acknowledged): Promise<void> {
  const store = lmdbStore({ path });
  try {
    expect(missing(store, acknowledged)).toEqual([]);
    expect([...store.range()]).toHaveLength(store.size);
  } finally {
    await store.close();
  }
}

describe(`acknowledged writes, seed ${String(seed)}`, { timeout: 600_000 }, () => {
  it(`outlive kill -9 at ${String(kills)} random moments`, async () => {
    const random = randomFrom(seed);
    const path = newDirectory();
    const everything = new Map<string, number>();
    let answers = 0;
    for (let run = 0; run < kills; run++) {
      const writing = new Writing(path, String(run), true);
      await writing.runFor(20 + random() * 600);
      for (const [key, number] of await writing.kill()) everything.set(key, number);
      answers += writing.answers;
      await expectKept(path, everything);
    }
    expect(answers).toBeGreaterThan(kills * 50);
    await expectConsistent(path);
    report(`kill -9: ${String(kills)} kills, ${String(answers)} acknowledged writes, 0 missing`);
  });

  /** Writes until the power goes; how many keys lack an acknowledged write on what the disk held. */
  async function lostIn(sync: boolean, runMs: number): Promise<{ lost: number; keys: number; answers: number }> {
    const image = newImage();
    const disk = mountImage(image);
    const writing = new Writing(disk.path, 'cut', sync);
    onTestFinished(async () => {
      await writing.kill();
      disk.unmount();
    });
    await writing.runFor(runMs);
    await writing.freeze();
    const remains = cutPower(image);
    const acknowledged = await writing.kill();
    disk.unmount();
    const found = mountImage(remains);
    onTestFinished(() => {
      found.unmount();
    });
    try {
      const lost = await lostOn(found.path, acknowledged);
      if (sync) await expectConsistent(found.path);
      return { lost, keys: acknowledged.size, answers: writing.answers };
    } finally {
      found.unmount();
    }
  }

  async function lostOn(path: string, acknowledged: Acknowledged): Promise<number> {
    let store;
    try {
      store = lmdbStore({ path });
    } catch {
      return acknowledged.size;
    }
    try {
      return missing(store, acknowledged).length;
    } finally {
      await store.close();
    }
  }

  it.skipIf(whyNot !== undefined)(
    `outlive a power cut at ${String(images)} random moments${whyNot === undefined ? '' : ` (skipped: ${whyNot})`}`,
    async () => {
      const random = randomFrom(seed + 1);
      let [answers, keys] = [0, 0];
      for (let image = 0; image < images; image++) {
        const outcome = await lostIn(true, 20 + random() * 900);
        expect(outcome.lost).toBe(0);
        answers += outcome.answers;
        keys += outcome.keys;
      }
      report(
        `power cut: ${String(images)} images, ${String(answers)} acknowledged writes of ${String(keys)} keys, 0 missing`,
      );
    },
  );

  it.skipIf(whyNot !== undefined)(
    `do not outlive one without sync, or this test is blind${whyNot === undefined ? '' : ` (skipped: ${whyNot})`}`,
    async () => {
      const random = randomFrom(seed + 2);
      const lost: string[] = [];
      for (let image = 0; image < (isLong ? images : 1); image++) {
        const outcome = await lostIn(false, 300 + random() * 600);
        lost.push(`${String(outcome.lost)}/${String(outcome.keys)}`);
        expect(outcome.lost).toBeGreaterThan(0);
      }
      report(`control without sync: keys lost per image: ${lost.join(' ')}`);
    },
  );
});
