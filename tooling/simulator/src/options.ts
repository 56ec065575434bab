import { availableParallelism } from 'node:os';
import { commandOf, flag, hidden, main, number, text, words, type Values } from '@simpledht/script-options';
import { faultTypes } from './plan/plan.ts';
import type { DrawOptions } from './plan/draw.ts';

const usage = {
  command: 'npm run simulate',
  about: 'Runs whole clusters in virtual time, under every fault, by seed.',
  examples: [
    ['--seeds 5000', 'many runs, on all cores, and a table'],
    ['--seed 42', 'one run; when it fails, what happened, and the smallest plan that fails'],
    ['--plan file.json', 'one run from a file'],
  ],
  options: {
    seeds: number({ help: 'runs', default: 100, least: 1 }),
    from: number({ help: 'first seed', default: 1, least: 1 }),
    seed: number({ help: 'the one run', least: 1 }),
    plan: text({ help: 'the one run', takes: 'a file', sign: 'FILE' }),
    nodes: number({ help: 'nodes at the start', shown: '3 to 9', least: 1 }),
    chaos: number({ help: 'virtual seconds of faults', shown: '8 to 40', least: 1 }),
    fault: words({ help: 'only these kinds', of: faultTypes }),
    minutes: number({ help: 'no run begins after so long', default: 24 * 60, least: 1 }),
    workers: number({ help: 'processes', default: availableParallelism(), least: 1, most: 1_000 }),
    first: flag('stop at the first failure'),
    lines: number({ help: 'events that a failure shows', default: 60, least: 1 }),
    shrink: number({ help: 'runs that making a plan smaller may take; 0: it stays', default: 200, least: 0 }),
    timeline: text({ help: 'draws the run into a page', takes: 'a file', sign: 'FILE' }),
    out: text({ help: 'where a smaller plan is kept', takes: 'a file', sign: 'FILE' }),
    worker: hidden(),
  },
} as const;

export interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly seed: number | undefined;
  readonly plan: string | undefined;
  readonly minutes: number;
  readonly workers: number;
  readonly lines: number;
  readonly shrink: number;
  readonly timeline: string | undefined;
  readonly out: string | undefined;
  readonly first: boolean;
  readonly worker: string | undefined;
  readonly draw: DrawOptions;
}

/** The exit code. */
export function simulate(run: (options: Options) => Promise<boolean>): Promise<number> {
  return main(usage, (values) => run({ ...values, draw: drawOf(values) }));
}

function drawOf({ nodes, chaos, fault }: Values<typeof usage.options>): DrawOptions {
  return { nodes, chaosMs: chaos === undefined ? undefined : chaos * 1_000, faults: fault };
}

/** The command line that runs what a file says. */
export function commandOfPlan(plan: string): string {
  return commandOf(usage, { plan });
}

/** The command line that repeats a run. */
export function commandOfRun(seed: number, { plan, draw }: Options): string {
  if (plan !== undefined) return commandOfPlan(plan);
  const { nodes, chaosMs, faults } = draw;
  return commandOf(usage, { seed, nodes, chaos: chaosMs === undefined ? undefined : chaosMs / 1_000, fault: faults });
}
