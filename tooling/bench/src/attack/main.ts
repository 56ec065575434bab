import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Child } from '../child.ts';
import { startCluster } from '../cluster.ts';
import type { Probes } from '../roles/prober.ts';
import { show } from '../stats.ts';
import { printLines } from '../table.ts';
import { kinds, type Kind } from './kinds.ts';
import { attacked, p99, pause, type Outcome, type Scene } from './measure.ts';

/* A member of a serving cluster of three, attacked from another process over loopback: see docs/attack.md. */

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rate: { type: 'string', default: '100000' },
    only: { type: 'string' },
    secret: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const perSecond = Number(values.rate);
if (!(seconds >= 1 && seconds <= 600)) throw new RangeError('--seconds takes 1 to 600');
if (!(perSecond >= 1 && perSecond <= 1_000_000)) throw new RangeError('--rate takes 1 to 1000000');
const chosen: readonly (readonly Kind[])[] = plans(values.only);

const calmSeconds = 3;
const portOfNobody = 1;
const goals = { grownMb: 100, getP99Ms: 5, ratio: 3, recoveryS: 2 };

function plans(only: string | undefined): readonly (readonly Kind[])[] {
  if (only === undefined) return [kinds, ...kinds.map((kind) => [kind])];
  const names = only.split(',');
  const wanted = kinds.filter((kind) => names.includes(kind));
  if (names.includes('all')) return [kinds, ...wanted.map((kind) => [kind])];
  if (wanted.length === 0) throw new RangeError(`--only takes some of all,${kinds.join(',')}`);
  return wanted.map((kind) => [kind]);
}

/** A figure, marked when it misses its goal. */
function judged(value: number, goal: number, unit: string): string {
  return `${show(value)}${unit}${value < goal ? '' : ' (missed)'}`;
}

function line(name: string, outcome: Outcome): readonly string[] {
  const { attack, counted } = outcome;
  const ratio = attack.bytesOut === 0 ? undefined : attack.bytesIn / attack.bytesOut;
  const reasons = Object.entries(counted).sort(([, a], [, b]) => b - a);
  return [
    name,
    show(attack.sentPerSecond),
    judged(outcome.grownBytes / 1e6, goals.grownMb, ' MB'),
    `${judged(outcome.getP99Ms, goals.getP99Ms, ' ms')} of ${show(outcome.gets)}, ${String(outcome.getsFailed)} failed`,
    ratio === undefined ? '' : judged(ratio, goals.ratio, ''),
    judged(outcome.recoveryMs / 1000, goals.recoveryS, ' s'),
    `${show(outcome.newcomerMs)} ms, ${String(outcome.newcomersFailed)} of ${String(outcome.newcomers)} failed`,
    `${show(outcome.victimCpuShare)} + ${show(attack.cpuShare)}`,
    reasons
      .slice(0, 4)
      .map(([reason, count]) => `${reason.replace('dropped.', '')} ${show(count)}`)
      .join(', '),
  ];
}

const head = [
  'attack',
  'datagrams/s',
  `memory grows (goal < ${String(goals.grownMb)} MB)`,
  `get p99 (goal < ${String(goals.getP99Ms)} ms)`,
  `bytes out per byte in (goal ≤ ${String(goals.ratio)})`,
  `calm again after (goal < ${String(goals.recoveryS)} s)`,
  'slowest newcomer',
  'cores: victim + attacker',
  'dropped, by reason',
];

const secret = values.secret === undefined ? {} : { secret: values.secret };
const { members, port } = await startCluster(3, secret);
const [victim] = members;
if (victim === undefined) throw new Error('no cluster');
const prober = new Child('prober');
try {
  await prober.call('start', { port, ...secret });
  const scene: Scene = { victim, prober, port };
  await pause(2000);
  await prober.call<Probes>('take');
  await pause(calmSeconds * 1000);
  const calm = await prober.call<Probes>('take');
  const calmMs = Math.max(goals.getP99Ms, p99(calm.gets));
  process.stdout.write(
    `Node.js ${process.version}, ${String(cpus().length)} × ${cpus()[0]?.model ?? 'unknown'}, load of the machine before ${show(loadavg()[0] ?? 0)};\n` +
      `${String(seconds)} s each; before any attack: get p99 ${show(p99(calm.gets))} ms of ${show(calm.gets.length)}, newcomer ${show(p99(calm.newcomers))} ms\n`,
  );
  const control = await attacked(scene, {
    kinds: ['noise'],
    seconds,
    perSecond,
    calmMs,
    elsewhere: portOfNobody,
  });
  const lines = [line('control: noise, to a port of nobody', control)];
  for (const plan of chosen) {
    const outcome = await attacked(scene, { kinds: plan, seconds, perSecond, calmMs });
    lines.push(line(plan.length > 1 ? 'all in turn' : (plan[0] ?? ''), outcome));
  }
  printLines('Attacks', head, lines);
  await prober.call('stop');
} finally {
  for (const child of [prober, ...members]) child.stop();
}
