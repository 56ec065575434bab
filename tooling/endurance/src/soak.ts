/*
 * Real processes with stores on disk on loopback, under load, churn and faults of the network, for as long as one likes:
 *   npm run soak -- --minutes 480
 * Exit code 1 when an acknowledged write is lost, members differ, memory, descriptors or tombstones grow; 2 for wrong options.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandOf, main, number, word, type Values } from '@simpledht/script-options';
import { loopbackNetwork } from './network/loopback.ts';
import { Cleanup } from './process/cleanup.ts';
import { churnKinds } from './run/churn.ts';
import { breaks } from './run/operations.ts';
import { printOutcome } from './run/report.ts';
import { Run } from './run/run.ts';

const steady = 2;

const usage = {
  command: 'npm run soak',
  about:
    'Real processes with stores on disk, under load, churn and faults of the network, on loopback. Needs no rights.',
  examples: [['--minutes 480', 'a night']],
  options: {
    minutes: number({ help: 'how long', default: 10, least: 0.1, most: 10_080, whole: false }),
    nodes: number({ help: 'members', default: 5, least: 3, most: 20 }),
    rate: number({ help: 'writes a second, of all together', default: 1_000, least: 1, most: 100_000 }),
    keys: number({ help: 'keys of each member', default: 2_000, least: 1, most: 100_000 }),
    round: number({ help: 'seconds between two comparisons', default: 50, least: 3, most: 3_600 }),
    seed: number({
      ...{ help: 'draws the load and the faults', least: 0, most: 4_294_967_290 },
      ...{ default: Date.now() % 1_000_000, shown: 'of the clock' },
    }),
    break: word({ help: 'break the members on purpose, so that it has to fail', of: breaks }),
  },
} as const;

async function soak(options: Values<typeof usage.options>): Promise<boolean> {
  const { minutes, nodes, rate, keys, round, seed } = options;
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
      breaks: options.break,
      onMembers: (members) => {
        cleanup.add(async () => {
          await Promise.all(members.map((member) => member.kill()));
        });
      },
      onRound: (text) => process.stdout.write(`${text}\n`),
    });
    const outcome = await run.run();
    return printOutcome(outcome, nodes, commandOf(usage, options));
  } finally {
    await cleanup.run();
  }
}

process.exitCode = await main(usage, soak);
