import type { Plan } from '../plan/plan.ts';
import type { LogLine } from '../run/log.ts';
import type { Outcome } from '../run/run.ts';

const [laneHeight, labelWidth, width, top] = [46, 80, 1_600, 30] as const;
const colours: Readonly<Record<string, string>> = {
  fault: '#d9480f',
  operation: '#868e96',
  refused: '#e8590c',
  peer: '#5f3dc4',
  start: '#2b8a3e',
  ready: '#37b24d',
  stop: '#000000',
  violation: '#e03131',
};

interface Span {
  readonly node: number | undefined;
  readonly fromMs: number;
  readonly toMs: number;
  readonly text: string;
}

/** One run as a page: a lane for each node with its life, its faults and what was done there; one above for the network. */
export function timeline({ plan, violation, endMs }: Outcome, lines: readonly LogLine[]): string {
  const nodes = Math.max(plan.setting.nodes, ...lines.map(({ node }) => (node ?? 0) + 1));
  const x = (ms: number): number => labelWidth + (ms / Math.max(1, endMs)) * (width - labelWidth - 10);
  const startMs = lines.find(({ kind }) => kind === 'operation' || kind === 'fault')?.atMs ?? 0;
  const shapes = [
    ...Array.from({ length: nodes }, (_, node) => lane(node)),
    ...spans(plan, startMs, endMs).map((span) => drawSpan(span, x)),
    ...downTimes(lines, endMs).map((span) => drawDown(span, x)),
    ...lines.filter(({ kind }) => kind in colours).map((line) => mark(line, x)),
    ...axis(endMs, x),
  ];
  const height = top + (nodes + 1) * laneHeight + 30;
  const result = violation === undefined ? 'held' : escaped(violation.message);
  return `<!doctype html><meta charset="utf-8"><title>seed ${String(plan.seed)}</title>
<style>body{font:13px system-ui,sans-serif;margin:16px}pre{white-space:pre-wrap}svg text{font:11px system-ui,sans-serif}</style>
<h1>Seed ${String(plan.seed)}</h1><p>${escaped(JSON.stringify(plan.setting))}</p><p>${result}</p>
<svg viewBox="0 0 ${String(width)} ${String(height)}" width="100%" role="img">${shapes.join('\n')}</svg>
<details><summary>All ${String(lines.length)} events</summary><pre>${escaped(lines.map(asText).join('\n'))}</pre></details>\n`;
}

function laneY(node: number | undefined): number {
  return top + (node === undefined ? 0 : node + 1) * laneHeight;
}

function lane(node: number): string {
  const y = laneY(node) + laneHeight / 2;
  return `<text x="4" y="${String(y + 4)}">node ${String(node)}</text><line x1="${String(labelWidth)}" x2="${String(width - 10)}" y1="${String(y)}" y2="${String(y)}" stroke="#2b8a3e" stroke-width="3"/>`;
}

/** Faults that last, from the plan. */
function spans({ steps }: Plan, startMs: number, endMs: number): Span[] {
  return steps.flatMap((step) => {
    if (!('forMs' in step) || step.type === 'watch' || step.type === 'kill' || step.type === 'leave') return [];
    const node = 'node' in step ? step.node : 'from' in step ? step.from : undefined;
    const fromMs = startMs + step.atMs;
    return [{ node, fromMs, toMs: Math.min(endMs, fromMs + step.forMs), text: JSON.stringify(step) }];
  });
}

function drawSpan({ node, fromMs, toMs, text }: Span, x: (ms: number) => number): string {
  const [from, y] = [x(fromMs), laneY(node) + 4];
  const label = /"type":"([^"]+)"/.exec(text)?.[1] ?? '';
  return `<g><title>${escaped(text)}</title><rect x="${from.toFixed(1)}" y="${String(y)}" width="${(x(toMs) - from).toFixed(1)}" height="14" fill="#ffa94d" fill-opacity="0.5"/><text x="${(from + 2).toFixed(1)}" y="${String(y + 11)}">${label}</text></g>`;
}

function downTimes(lines: readonly LogLine[], endMs: number): Span[] {
  const since = new Map<number, number>();
  const down: Span[] = [];
  for (const { node, kind, atMs, text } of lines) {
    if (node === undefined) continue;
    if (kind === 'stop') since.set(node, atMs);
    const fromMs = since.get(node);
    if (kind !== 'start' || fromMs === undefined) continue;
    down.push({ node, fromMs, toMs: atMs, text });
    since.delete(node);
  }
  for (const [node, fromMs] of since) down.push({ node, fromMs, toMs: endMs, text: 'does not come back' });
  return down;
}

function drawDown({ node, fromMs, toMs, text }: Span, x: (ms: number) => number): string {
  const [from, y] = [x(fromMs), laneY(node) + laneHeight / 2 - 5];
  return `<rect x="${from.toFixed(1)}" y="${String(y)}" width="${(x(toMs) - from).toFixed(1)}" height="10" fill="#fff" stroke="#868e96" stroke-dasharray="3"><title>down, then ${escaped(text)}</title></rect>`;
}

function mark(line: LogLine, x: (ms: number) => number): string {
  const { atMs, node, kind } = line;
  const y = laneY(node) + laneHeight / 2 + (kind === 'operation' ? 8 : kind === 'refused' ? 14 : 0);
  const size = kind === 'violation' ? 8 : kind === 'operation' ? 2 : 3;
  return `<circle cx="${x(atMs).toFixed(1)}" cy="${String(y)}" r="${String(size)}" fill="${colours[kind] ?? '#000'}"><title>${escaped(asText(line))}</title></circle>`;
}

function axis(endMs: number, x: (ms: number) => number): string[] {
  const step = Math.max(1, Math.ceil(endMs / 20_000)) * 1_000;
  return Array.from({ length: Math.floor(endMs / step) + 1 }, (_, index) => {
    const at = x(index * step).toFixed(1);
    return `<text x="${at}" y="14" text-anchor="middle">${String((index * step) / 1_000)} s</text>`;
  });
}

function asText({ atMs, node, text }: LogLine): string {
  return `${(atMs / 1_000).toFixed(4)} s ${node === undefined ? 'all' : `node ${String(node)}`}: ${text}`;
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
