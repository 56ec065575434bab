import { Child } from '../child.ts';
import type { AttackResult } from '../roles/attacker.ts';
import type { Usage } from '../roles/member.ts';
import type { Probes, Sample } from '../roles/prober.ts';
import { percentile } from '../stats.ts';
import type { Kind } from './kinds.ts';

export interface Scene {
  readonly victim: Child;
  readonly prober: Child;
  readonly port: number;
}

export interface Outcome {
  readonly attack: AttackResult;
  /** Above what it was when the attack began. */
  readonly grownBytes: number;
  readonly victimCpuShare: number;
  readonly getP99Ms: number;
  readonly getsFailed: number;
  readonly gets: number;
  /** Slowest of those that came anew during the attack. */
  readonly newcomerMs: number;
  readonly newcomersFailed: number;
  readonly newcomers: number;
  readonly recoveryMs: number;
  /** What the victim counted of it, by name. */
  readonly counted: Readonly<Record<string, number>>;
}

const pollMs = 250;
const recoveringMs = 4000;
/** Gets in a row as quick as before that mean that it is over. */
const calmGets = 50;

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function p99(samples: readonly Sample[]): number {
  return percentile(
    samples.map(({ tookMs }) => tookMs),
    0.99,
  );
}

/** From `endMs` until the first of many gets in a row that take no longer than `calmMs`. */
function recovery(gets: readonly Sample[], endMs: number, calmMs: number): number {
  let calm = 0;
  for (const { atMs, tookMs, failed } of gets) {
    if (atMs + tookMs < endMs) continue;
    calm = failed || tookMs > calmMs ? 0 : calm + 1;
    if (calm === calmGets) {
      const first = gets[gets.findIndex((get) => get.atMs === atMs) - calmGets + 1];
      return Math.max(0, (first?.atMs ?? atMs) - endMs);
    }
  }
  return Infinity;
}

async function largest(victim: Child, running: () => boolean): Promise<number> {
  let rss = 0;
  while (running()) {
    rss = Math.max(rss, (await victim.call<Usage>('usage')).rss);
    await pause(pollMs);
  }
  return rss;
}

type Counters = Readonly<Record<string, number>>;

async function countersOf(victim: Child): Promise<Counters> {
  const { transport = {} } = await victim.call<Readonly<Record<string, Counters>>>('metrics');
  return transport;
}

/** One attack, with everything measured while it runs and after it. `calmMs`: a get that is not disturbed. */
export async function attacked(
  { victim, prober, port }: Scene,
  plan: {
    readonly kinds: readonly Kind[];
    readonly seconds: number;
    readonly perSecond: number;
    readonly calmMs: number;
    /** Where to send instead, as a control: what the attacker alone takes of the machine. */
    readonly elsewhere?: number;
  },
): Promise<Outcome> {
  const { kinds, seconds, perSecond, calmMs } = plan;
  const attacker = new Child('attacker');
  try {
    const [before, countersBefore] = [await victim.call<Usage>('usage'), await countersOf(victim)];
    await prober.call<Probes>('take');
    let running = true;
    const [attack, rss] = await Promise.all([
      attacker
        .call<AttackResult>('run', { kinds, port: plan.elsewhere ?? port, seconds, perSecond })
        .finally(() => (running = false)),
      largest(victim, () => running),
    ]);
    const endMs = performance.timeOrigin + performance.now();
    const [after, during] = [await victim.call<Usage>('usage'), await prober.call<Probes>('take')];
    await pause(recoveringMs);
    const later = await prober.call<Probes>('take');
    const counters = await countersOf(victim);
    return {
      attack,
      grownBytes: rss - before.rss,
      victimCpuShare: (after.cpuMs - before.cpuMs) / 1000 / (seconds + 0.2),
      getP99Ms: p99(during.gets),
      gets: during.gets.length,
      getsFailed: during.gets.filter(({ failed }) => failed).length,
      newcomers: during.newcomers.length,
      newcomersFailed: during.newcomers.filter(({ failed }) => failed).length,
      newcomerMs: Math.max(...during.newcomers.map(({ tookMs }) => tookMs)),
      recoveryMs: recovery(later.gets, endMs, calmMs),
      counted: difference(counters, countersBefore),
    };
  } finally {
    attacker.stop();
  }
}

function difference(after: Counters, before: Counters): Counters {
  const changed = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(changed.filter(([name, count]) => count > 0 && name.startsWith('dropped.')));
}
