import { neverMs, type LargeResult, type Quiet } from './run.ts';

/** All runs of one size and loss. */
export interface Group {
  readonly nodes: number;
  readonly loss: number;
  readonly results: readonly LargeResult[];
}

type Column = readonly [title: string, text: (group: Group) => string];

const columns: readonly Column[] = [
  ['nodes', ({ nodes }) => nodes.toLocaleString('en')],
  ['loss', ({ loss }) => `${String(loss * 100)} %`],
  ['seeds', ({ results }) => String(results.length)],
  ['all started → whole', ({ results }) => medianAndWorst(results.map(({ formedMs }) => formedMs))],
  ['newcomer → all know it', ({ results }) => medianAndWorst(results.map(({ joinedMs }) => Math.max(...joinedMs)))],
  ['killed → held dead, median', ({ results }) => seconds(part(deaths(results), 0.5))],
  ['p99', ({ results }) => seconds(part(deaths(results), 0.99))],
  ['worst', ({ results }) => seconds(part(deaths(results), 1))],
  ['halves → one', ({ results }) => medianAndWorst(results.map(({ healedMs }) => healedMs))],
  ['node-minutes', ({ results }) => total(results, ({ nodeMinutes }) => nodeMinutes).toLocaleString('en')],
  ['suspicions', ({ results }) => total(results, ({ suspicions }) => suspicions).toLocaleString('en')],
  ['falsely dead', ({ results }) => `${(100 * falselyDead(results)).toFixed(3)} %`],
  ['packets/s', ({ results }) => mean(results.map(({ quiet }) => quiet.packets)).toFixed(2)],
  ['bytes/s', ({ results }) => mean(results.map(({ quiet }) => quiet.bytes)).toFixed(0)],
  ['kB to form', ({ results }) => (mean(results.map(({ formingBytes }) => formingBytes)) / 1000).toFixed(1)],
];

/** One row per size and loss, as Markdown. */
export function table(groups: readonly Group[]): string {
  const head = columns.map(([title]) => title);
  const rows = groups.map((group) => columns.map(([, text]) => text(group)));
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Part of the node-minutes in which a living node was held dead by anybody. */
export function falselyDead(results: readonly LargeResult[]): number {
  return total(results, ({ falselyDeadMinutes }) => falselyDeadMinutes) / total(results, (quiet) => quiet.nodeMinutes);
}

/** Ms from a kill to each survivor's verdict; one that did not come counts as never. */
export function deaths(results: readonly LargeResult[]): number[] {
  return results.flatMap(({ deadMs, undetected }) => [...deadMs, ...new Array<number>(undetected).fill(neverMs)]);
}

/** The value below which so large a part of the values lies. */
export function part(values: readonly number[], portion: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(portion * sorted.length) - 1)] ?? neverMs;
}

function total(results: readonly LargeResult[], of: (quiet: Quiet) => number): number {
  return results.reduce((sum, { quiet }) => sum + of(quiet), 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function medianAndWorst(values: readonly number[]): string {
  return `${seconds(part(values, 0.5))} (${seconds(part(values, 1))})`;
}

function seconds(ms: number): string {
  return ms >= neverMs ? 'never' : `${(ms / 1000).toFixed(1)} s`;
}
