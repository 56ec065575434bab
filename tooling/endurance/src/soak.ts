/*
 * Real processes with stores on disk on loopback, under load, churn and faults of the network, for as long as one likes:
 *   npm run soak -- --minutes 480
 * Exit code 1 when an acknowledged write is lost, members differ, memory, descriptors or tombstones grow; 2 for wrong options.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loopbackNetwork } from './network/loopback.ts';
import { Cleanup } from './process/cleanup.ts';
import { commandOf, main, type Parsed } from './process/options.ts';
import { churnKinds } from './run/churn.ts';
import { breaks, type Break } from './run/operations.ts';
import { printOutcome } from './run/report.ts';
import { Run } from './run/run.ts';

const steady = 2;

const usage = {
  command: 'npm run soak',
  about:
    'Real processes with stores on disk, under load, churn and faults of the network, on loopback. Needs no rights.',
  numbers: {
    minutes: { help: 'how long', default: 10, least: 0.1, most: 10_080, whole: false },
    nodes: { help: 'members', default: 5, least: 3, most: 20 },
    rate: { help: 'writes a second, of all together', default: 1_000, least: 1, most: 100_000 },
    keys: { help: 'keys of each member', default: 2_000, least: 1, most: 100_000 },
    round: { help: 'seconds between two comparisons', default: 50, least: 3, most: 3_600 },
    seed: { help: 'draws the load and the faults', default: Date.now() % 1_000_000, least: 0, most: 4_294_967_290 },
  },
  words: { break: { help: 'break the members on purpose, so that it has to fail', of: breaks } },
} as const;

async function soak({ numbers, words }: Parsed<keyof typeof usage.numbers>): Promise<boolean> {
  const { minutes, nodes, rate, keys, round, seed } = numbers;
  const cleanup = new Cleanup();
  const directory = mkdtempSync(join(tmpdir(), 'simpledht-soak-'));
  cleanup.add(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  try {
    const network = await loopbackNetwork(nodes, seed);
    cleanup.add(() => network.close());
    const run = new Run({
      ...{ network, seed, minutes, steady, directory, roundMs: round * 1000 },
      members: nodes,
      writesPerSecond: rate,
      keysPerMember: keys,
      networkFaults: network.faults,
      churn: churnKinds,
      breaks: words['break'] as Break | undefined,
      onMembers: (members) => {
        cleanup.add(async () => {
          await Promise.all(members.map((member) => member.kill()));
        });
      },
      onRound: (text) => process.stdout.write(`${text}\n`),
    });
    const outcome = await run.run();
    return printOutcome(outcome, nodes, commandOf(usage, { numbers, words }));
  } finally {
    await cleanup.run();
  }
}

process.exitCode = await main(usage, soak);
