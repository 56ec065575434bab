import type { Results } from './long-run.ts';
import type { ClassResult } from './long-run.ts';
import { ClassResult as Result } from './long-run.ts';

const lost = new Set(['lost a write', 'lost an acknowledged write', 'false acknowledgement', 'nobody wrote']);
const resurrected = new Set(['resurrected', 'went back', 'expired and shown']);
const divergent = new Set(['divergent', 'divergent after purging', 'not repaired']);

type Column = readonly [title: string, value: (result: ClassResult) => number | string];

const columns: readonly Column[] = [
  ['runs', ({ runs }) => runs],
  ['virtual h', ({ tally }) => (tally.virtualMs / 3_600_000).toFixed(1)],
  ['faults', ({ tally }) => Object.values(tally.faults).reduce((sum, count) => sum + count, 0)],
  ['operations', ({ tally }) => tally.operations],
  ['acked', ({ tally }) => tally.acknowledged],
  ['purged', ({ tally }) => tally.purged],
  ['full exch.', ({ tally }) => tally.exchanges],
  ['repairs', ({ tally }) => tally.repairs],
  ['origins', ({ tally }) => tally.newOrigins],
  ['late', ({ tally }) => tally.late],
  ['by relay', ({ tally }) => tally.relayed],
  ['lost', (result) => failed(result, (invariant) => lost.has(invariant))],
  ['resurrected', (result) => failed(result, (invariant) => resurrected.has(invariant))],
  ['divergent', (result) => failed(result, (invariant) => divergent.has(invariant))],
  ['other', (result) => failed(result, isOther)],
];

/** The results of a long run as a Markdown table, with its sum, faults by kind and the first failures. */
export function table(results: Results): string {
  const total = new Result();
  for (const result of Object.values(results)) total.add(result);
  const rows = [...Object.entries(results), ['all', total] as const].map(([name, result]) => row(name, result));
  const head = ['class', ...columns.map(([title]) => title)];
  const faults = Object.entries(total.tally.faults).map(([kind, count]) => `${kind} ${String(count)}`);
  const failures = Object.values(results).flatMap(failureLines);
  const lines = [cells(head), cells(head.map(() => '---')), ...rows, '', `Faults: ${faults.join(', ')}`, ...failures];
  return lines.join('\n');
}

/** How often a class failed in which way, and the first seeds that did. */
function failureLines({ failures }: ClassResult): string[] {
  const seedsBy = new Map<string, number[]>();
  for (const { seed, kind, invariant } of failures) {
    const text = `${kind}: ${invariant}`;
    seedsBy.set(text, [...(seedsBy.get(text) ?? []), seed]);
  }
  return Array.from(seedsBy, ([text, seeds]) => {
    const first = seeds.sort((a, b) => a - b).slice(0, 6);
    return `  ${text}, ${String(seeds.length)} times, seeds ${first.join(', ')}`;
  });
}

function row(name: string, result: ClassResult): string {
  return cells([name, ...columns.map(([, value]) => String(value(result)))]);
}

function cells(texts: readonly string[]): string {
  return `| ${texts.join(' | ')} |`;
}

function failed({ failures }: ClassResult, isMeant: (invariant: string) => boolean): number {
  return failures.filter(({ invariant }) => isMeant(invariant)).length;
}

function isOther(invariant: string): boolean {
  return !lost.has(invariant) && !resurrected.has(invariant) && !divergent.has(invariant);
}
