import { parseArgs } from 'node:util';
import { faultTypes, type FaultType } from './plan/plan.ts';
import type { DrawOptions } from './plan/draw.ts';

export function help(): string {
  return `Runs whole clusters in virtual time, under every fault, by seed.

  npm run simulate -- --seeds 5000                 many runs, on all cores, and a table
  npm run simulate -- --seed 42                    one run; when it fails, what happened, and the smallest plan that fails
  npm run simulate -- --plan file.json             one run from a file

  --seeds N       runs (100)                       --from S       first seed (1)
  --nodes N       nodes at the start (3 to 9)      --minutes M    no run begins later
  --chaos S       virtual seconds of faults (8 to 40)
  --fault a,b     only these kinds: ${faultTypes.slice(0, 8).join(', ')},
                  ${faultTypes.slice(8).join(', ')}
  --workers N     processes (one for each core)    --first        stop at the first failure
  --lines N       events that a failure shows (60) --shrink N     runs that making a plan smaller may take (200; 0: none)
  --timeline F    draws the run into an HTML file  --out F        where a smaller plan is kept
`;
}

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
  readonly help: boolean;
  readonly worker: string | undefined;
  readonly draw: DrawOptions;
}

/** Throws an `Error` that names the option. */
export function readOptions(args: readonly string[], cores: number): Options {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ seeds: text, from: text, seed: text, plan: text, minutes: text, workers: text, lines: text, shrink: text },
      ...{ timeline: text, out: text, nodes: text, chaos: text, fault: text, worker: text, first: flag, help: flag },
    },
  });
  const whole = (name: keyof typeof values, fallback: number, least = 1): number =>
    wholeNumber(name, values[name], fallback, least);
  return {
    seeds: whole('seeds', 100),
    from: whole('from', 1),
    seed: values.seed === undefined ? undefined : whole('seed', 1),
    plan: values.plan,
    minutes: whole('minutes', 24 * 60),
    workers: whole('workers', cores),
    lines: whole('lines', 60),
    shrink: whole('shrink', 200, 0),
    timeline: values.timeline,
    out: values.out,
    first: values.first,
    help: values.help,
    worker: values.worker,
    draw: {
      ...(values.nodes === undefined ? {} : { nodes: whole('nodes', 3) }),
      ...(values.chaos === undefined ? {} : { chaosMs: whole('chaos', 20) * 1_000 }),
      ...(values.fault === undefined ? {} : { faults: faultsOf(values.fault) }),
    },
  };
}

function wholeNumber(name: string, given: unknown, fallback: number, least: number): number {
  if (given === undefined) return fallback;
  const value = Number(given);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`--${name} must be a whole number from ${String(least)} on, not ${JSON.stringify(given)}`);
}

function faultsOf(list: string): FaultType[] {
  return list.split(',').map((name) => {
    const type = faultTypes.find((known) => known === name);
    if (type === undefined)
      throw new Error(`--fault: there is no ${JSON.stringify(name)}, but ${faultTypes.join(', ')}`);
    return type;
  });
}
