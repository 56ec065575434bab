import type { Slope } from './figures.ts';
import type { Outcome } from './run.ts';
import { table, type Row } from './table.ts';

const megabyte = 1_048_576;

/** Prints what was seen; whether all held. */
export function printOutcome(outcome: Outcome, members: number, command: string): boolean {
  const rows = Array.from({ length: members }, (_, index) => vitalsOf(outcome, index));
  const heads = [
    'member',
    'samples',
    'heap, MB',
    'heap, MB/h',
    'resident, MB',
    'resident, MB/h',
    'descriptors',
    'timers and handles',
  ];
  print(`\n${table(heads, rows)}\n`);
  print(`\n${table(outcomeHeads, [outcomeRow(outcome)])}\n\nfaults: ${outcome.faults}\n`);
  if (outcome.violations.length === 0) return true;
  print(`\nViolated:\n${outcome.violations.map((text) => `- ${text}`).join('\n')}\nAgain: ${command}\n`);
  return false;
}

export const outcomeHeads: readonly string[] = [
  ...[
    'seconds',
    'rounds',
    'writes',
    'acknowledged',
    'refused',
    'slowest to be one, s',
    'most tombstones',
    'violations',
  ],
];

export function outcomeRow(outcome: Outcome): Row {
  const { seconds, rounds, writes, acknowledged, refused, slowestMs, mostTombstones, violations } = outcome;
  return [
    Math.round(seconds),
    ...[rounds, writes, acknowledged, refused, slowestMs / 1000, mostTombstones, violations.length],
  ];
}

function vitalsOf({ vitals }: Outcome, index: number): Row {
  const taken = vitals.of(index);
  const last = taken.at(-1);
  return [
    index,
    taken.length,
    (last?.heapBytes ?? 0) / megabyte,
    slopeText(vitals.heapSlope(index)),
    (last?.residentBytes ?? 0) / megabyte,
    slopeText(vitals.residentSlope(index)),
    last?.descriptors ?? '',
    last?.resources ?? '',
  ];
}

function slopeText({ perHour, error }: Slope): string {
  return Number.isFinite(error) ? `${perHour.toFixed(1)} ± ${error.toFixed(1)}` : '';
}

function print(text: string): void {
  process.stdout.write(text);
}
