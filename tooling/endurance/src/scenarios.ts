/*
 * Real processes on machines of their own (network namespaces), each run on another network, drawn by its seed:
 *   npm run scenarios -- --runs 30 --minutes 10
 * Exit code 1 when an acknowledged write is lost or members differ; 2 for wrong options.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandOf, main, number, word, type Values } from '@simpledht/script-options';
import { whyNoMachines } from './network/machines.ts';
import { namespaceNetwork, type Wiring } from './network/namespaces.ts';
import type { NetworkFaultKind } from './network/network.ts';
import { Cleanup } from './process/cleanup.ts';
import type { ChurnKind } from './run/churn.ts';
import { breaks } from './run/operations.ts';
import { Draw } from './run/random.ts';
import { outcomeHeads, outcomeRow } from './run/report.ts';
import { Run, type Outcome } from './run/run.ts';
import { table, type Row } from './run/table.ts';

const usage = {
  command: 'npm run scenarios',
  about: 'Real processes in network namespaces, on another network in each run: Linux, root, iproute2 and nftables.',
  examples: [['--runs 30 --minutes 10', 'all networks, several times']],
  options: {
    runs: number({ help: 'networks', default: 6, least: 1, most: 10_000 }),
    minutes: number({ help: 'how long each', default: 1, least: 0.1, most: 1_440, whole: false }),
    rate: number({ help: 'writes a second, of all together', default: 100, least: 1, most: 10_000 }),
    keys: number({ help: 'keys of each member', default: 200, least: 1, most: 100_000 }),
    round: number({ help: 'seconds between two comparisons', default: 40, least: 3, most: 3_600 }),
    seed: number({ help: 'of the first run; each has the next', default: 1, least: 0, most: 4_294_000_000 }),
    break: word({ help: 'break the members on purpose, so that it has to fail', of: breaks }),
  },
} as const;
type Options = Values<typeof usage.options>;

/** What a run is about, so that a few runs show everything: the seed counts through them and draws the rest. */
interface Theme {
  readonly name: string;
  readonly faults: readonly NetworkFaultKind[];
  readonly relayed: boolean;
  readonly mtuBytes: number;
  readonly churn: readonly ChurnKind[];
}

const plain = { relayed: false, mtuBytes: 1500, churn: ['kill', 'pause'] } as const;
const themes: readonly Theme[] = [
  { ...plain, name: 'loss', faults: ['loss'] },
  { ...plain, name: 'one-way partitions', faults: ['deaf', 'mute'] },
  { ...plain, name: 'duplication', faults: ['duplicate', 'loss'] },
  { ...plain, name: 'slow lines', faults: ['rate'] },
  { ...plain, name: 'MTU 1280, loss', faults: ['loss', 'split'], mtuBytes: 1280 },
  { ...plain, name: 'delay, jitter, reordering', faults: ['delay'], relayed: true },
  { ...plain, name: 'partitions', faults: ['split', 'deaf'], churn: ['kill', 'leave', 'replace'] },
  {
    ...{ name: 'everything', relayed: true, mtuBytes: 1280, churn: ['kill', 'pause', 'leave', 'replace'] },
    faults: ['loss', 'duplicate', 'corrupt', 'delay', 'deaf', 'mute', 'split', 'rate'],
  },
];

async function scenarios(options: Options): Promise<boolean> {
  // Before the first machine: from here on an interruption waits until what was begun is taken away.
  const cleanup = new Cleanup();
  const whyNot = whyNoMachines();
  if (whyNot !== undefined) {
    process.stdout.write(`Nothing was run: ${whyNot}\n`);
    await cleanup.run();
    return true;
  }
  const { runs, seed } = options;
  const rows: Row[] = [];
  const failures: string[] = [];
  try {
    for (let run = 0; run < runs; run++) {
      const { name, outcome } = await runOne(seed + run, options, cleanup);
      rows.push([seed + run, name, ...outcomeRow(outcome)]);
      process.stdout.write(`seed ${String(seed + run)}, ${name}: ${outcome.faults}\n`);
      if (outcome.violations.length > 0) failures.push(failureText(seed + run, outcome, options));
    }
  } finally {
    await cleanup.run();
  }
  process.stdout.write(`\n${table(['seed', 'network', ...outcomeHeads], rows)}\n`);
  for (const failure of failures) process.stdout.write(failure);
  return failures.length === 0;
}

async function runOne(seed: number, options: Options, cleanup: Cleanup) {
  const theme = themeOf(seed);
  const members = 3 + new Draw(seed).below(3);
  const undo = new Set<() => Promise<void> | void>();
  const undoAll = async (): Promise<void> => {
    for (const each of [...undo].reverse()) await each();
    undo.clear();
  };
  cleanup.add(undoAll);
  const directory = mkdtempSync(join(tmpdir(), 'simpledht-scenarios-'));
  undo.add(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  try {
    const wiring: Wiring = { members, seed, mtuBytes: theme.mtuBytes, relayed: theme.relayed };
    const network = await namespaceNetwork(wiring, (each) => undo.add(each));
    undo.add(() => network.close());
    const outcome = await new Run({
      ...{ network, members, seed, directory, minutes: options.minutes, roundMs: options.round * 1000 },
      steady: 0,
      writesPerSecond: options.rate,
      keysPerMember: options.keys,
      networkFaults: theme.faults,
      churn: theme.churn,
      breaks: options.break,
      onMembers: (all) => {
        undo.add(async () => {
          await Promise.all(all.map((member) => member.kill()));
        });
      },
      onRound: (text) => process.stdout.write(`  ${text}\n`),
    }).run();
    return { name: `${theme.name}, ${String(members)} members`, outcome };
  } finally {
    await undoAll();
  }
}

function themeOf(seed: number): Theme {
  const theme = themes[(seed + themes.length - 1) % themes.length];
  if (theme === undefined) throw new RangeError('There are no themes');
  return theme;
}

function failureText(seed: number, { violations }: Outcome, options: Options): string {
  const list = violations.map((text) => `- ${text}`).join('\n');
  const again = commandOf(usage, { ...options, runs: 1, seed });
  return `\nViolated with seed ${String(seed)}:\n${list}\nAgain: ${again}\n`;
}

process.exitCode = await main(usage, scenarios);
