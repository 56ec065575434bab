import { median, show } from './stats.ts';

/** One measured figure beside the limit or peer that was measured in the same run. */
export interface Row {
  /** Name in docs, such as P1, and what was measured. */
  readonly figure: string;
  readonly unit: string;
  /** One number per run. */
  readonly runs: readonly number[];
  /** What it is compared with, measured in the same runs. */
  readonly beside?: { readonly name: string; readonly runs: readonly number[] };
  /** The figure to reach, in words. */
  readonly goal: string;
  /** How far from it: 1 is there, above is better, where it can be told from this run. */
  readonly reached?: number;
}

export function printTable(title: string, rows: readonly Row[]): void {
  const cells = rows.map((row) => [
    row.figure,
    `${range(row.runs)} ${row.unit}`,
    row.beside === undefined ? '' : `${row.beside.name}: ${range(row.beside.runs)}`,
    row.beside === undefined ? '' : `× ${show(median(row.runs) / median(row.beside.runs))}`,
    row.goal,
    row.reached === undefined ? '' : `${show(row.reached)}${row.reached >= 1 ? ' (met)' : ''}`,
  ]);
  printLines(title, ['figure', 'median (min – max)', 'beside it, same run', 'ratio', 'goal', 'reached'], cells);
}

/** A table of texts. */
export function printLines(title: string, head: readonly string[], lines: readonly (readonly string[])[]): void {
  process.stdout.write(`\n## ${title}\n\n`);
  for (const line of [head, head.map(() => '---'), ...lines]) process.stdout.write(`| ${line.join(' | ')} |\n`);
}

function range(runs: readonly number[]): string {
  if (runs.length === 1) return show(median(runs));
  return `${show(median(runs))} (${show(Math.min(...runs))} – ${show(Math.max(...runs))})`;
}
