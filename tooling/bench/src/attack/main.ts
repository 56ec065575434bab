import { cpus, loadavg } from 'node:os';
import { main, number, text, words, type Values } from '@simpledht/script-options';
import { Child } from '../child.ts';
import { startCluster } from '../cluster.ts';
import type { Probes } from '../roles/prober.ts';
import { show } from '../stats.ts';
import { printLines } from '../table.ts';
import { kinds, type Kind } from './kinds.ts';
import { attacked, p99, pause, type Outcome, type Scene } from './measure.ts';

/* A member of a serving cluster of three, attacked from another process over loopback: see docs/attack.md. */

const usage = {
  command: 'npm run bench:attack',
  about: 'Forged datagrams at a member of a serving cluster of three, from another process over loopback.',
  examples: [['--only all,noise --seconds 30', 'all kinds in turn, then one of them']],
  options: {
    seconds: number({ help: 'how long each attack', default: 10, least: 1, most: 600, whole: false }),
    rate: number({ help: 'datagrams a second', default: 100_000, least: 1, most: 1_000_000, whole: false }),
    only: words({ help: 'only these attacks', of: ['all', ...kinds], shown: 'all, and each' }),
    secret: text({ help: 'seals the cluster with it', takes: 'a secret', sign: 'SECRET' }),
  },
} as const;
type Options = Values<typeof usage.options>;

const calmSeconds = 3;
const portOfNobody = 1;
const goals = { grownMb: 100, getP99Ms: 5, ratio: 3, recoveryS: 2 };

function plans(only: Options['only']): readonly (readonly Kind[])[] {
  if (only === undefined) return [kinds, ...kinds.map((kind) => [kind])];
  const wanted = kinds.filter((kind) => only.includes(kind)).map((kind) => [kind]);
  return only.includes('all') ? [kinds, ...wanted] : wanted;
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

process.exitCode = await main(usage, async (options) => {
  const secret = options.secret === undefined ? {} : { secret: options.secret };
  const { members, port } = await startCluster(3, secret);
  const [victim] = members;
  if (victim === undefined) throw new Error('no cluster');
  const prober = new Child('prober');
  try {
    await prober.call('start', { port, ...secret });
    await attackAll({ victim, prober, port }, options);
    await prober.call('stop');
  } finally {
    for (const child of [prober, ...members]) child.stop();
  }
  return true;
});

async function attackAll(scene: Scene, { seconds, rate: perSecond, only }: Options): Promise<void> {
  const { prober } = scene;
  await pause(2000);
  await prober.call<Probes>('take');
  await pause(calmSeconds * 1000);
  const calm = await prober.call<Probes>('take');
  const calmMs = Math.max(goals.getP99Ms, p99(calm.gets));
  process.stdout.write(
    `Node.js ${process.version}, ${String(cpus().length)} × ${cpus()[0]?.model ?? 'unknown'}, load of the machine before ${show(loadavg()[0] ?? 0)};\n` +
      `${String(seconds)} s each; before any attack: get p99 ${show(p99(calm.gets))} ms of ${show(calm.gets.length)}, newcomer ${show(p99(calm.newcomers))} ms\n`,
  );
  const attack = { seconds, perSecond, calmMs };
  const control = await attacked(scene, { ...attack, kinds: ['noise'], elsewhere: portOfNobody });
  const lines = [line('control: noise, to a port of nobody', control)];
  for (const plan of plans(only)) {
    const outcome = await attacked(scene, { ...attack, kinds: plan });
    lines.push(line(plan.length > 1 ? 'all in turn' : (plan[0] ?? ''), outcome));
  }
  printLines('Attacks', head, lines);
}
