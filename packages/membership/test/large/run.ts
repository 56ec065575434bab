import type { NodeId } from '@simpledht/wire';
import { Scene, type Sighting } from './scene.ts';
import { seeded } from '../simulation/schedule.ts';

export interface LargeOptions {
  readonly nodes: number;
  readonly seed: number;
  /** Part of the datagrams that get lost, all the time. */
  readonly loss: number;
  /** Virtual minutes in which nothing happens. */
  readonly quietMinutes: number;
  /** How long the halves are apart; both have declared the other dead after half a minute. 0: they are not torn. */
  readonly apartMinutes: number;
}

/** What one run showed. Times in ms; what never came is `neverMs`, as JSON has no `Infinity`. */
export interface LargeResult {
  /** All started at once, through the first: until everyone held everyone alive. */
  readonly formedMs: number;
  /** Packets and bytes each node sent until then. */
  readonly formingBytes: number;
  readonly quiet: Quiet;
  /** A newcomer started: until each of the others knew it, and until all knew all. */
  readonly joinedMs: readonly number[];
  readonly joinWholeMs: number;
  /** Killed: until each survivor held each of them dead. */
  readonly deadMs: readonly number[];
  /** Survivors who did not within two minutes. */
  readonly undetected: number;
  /** Two halves that were apart for longer than every time-out: until all were one again. */
  readonly healedMs: number;
}

export interface Quiet {
  readonly nodeMinutes: number;
  /** Per node and second. */
  readonly packets: number;
  readonly bytes: number;
  readonly suspicions: number;
  readonly falseDeaths: number;
  /** Node-minutes in which anybody held that living node dead. */
  readonly falselyDeadMinutes: number;
}

export const neverMs = 1e9;
const minuteMs = 60_000;

/** One cluster through its life: formed, left alone, joined, some killed, torn in halves and healed. */
export function runLarge(options: LargeOptions): LargeResult {
  const { nodes, seed, loss } = options;
  const scene = new Scene({ seed, loss });
  scene.sim.startMany(nodes);
  const formedMs = finite(scene.untilWhole(10 * minuteMs));
  const formingBytes = scene.traffic().bytes / nodes;
  // News of the last to come is spread to its end.
  scene.sim.run(minuteMs);
  const quiet = beQuiet(scene, options.quietMinutes);
  const { joinedMs, joinWholeMs } = join(scene);
  scene.sim.run(minuteMs);
  const { deadMs, undetected } = kill(scene, seed);
  const healedMs = options.apartMinutes === 0 ? 0 : tearAndHeal(scene, options.apartMinutes);
  return { formedMs, formingBytes, quiet, joinedMs, joinWholeMs, deadMs, undetected, healedMs };
}

function beQuiet(scene: Scene, minutes: number): Quiet {
  const { sim } = scene;
  const before = scene.traffic();
  scene.mark();
  sim.run(minutes * minuteMs);
  const after = scene.traffic();
  const count = sim.running.length;
  const seconds = minutes * 60 * count;
  return {
    nodeMinutes: minutes * count,
    packets: (after.packets - before.packets) / seconds,
    bytes: (after.bytes - before.bytes) / seconds,
    suspicions: scene.suspected,
    falseDeaths: scene.died.length,
    falselyDeadMinutes: minutesHeldDead(scene, minutes),
  };
}

/** Each verdict counts from its minute until its maker took it back. */
function minutesHeldDead({ died, joined }: Scene, minutes: number): number {
  const held = new Set<string>();
  for (const verdict of died) {
    const back = joined.find(({ by, of, atMs }) => by === verdict.by && of === verdict.of && atMs >= verdict.atMs);
    const lastMinute = Math.min(minutes - 1, Math.floor((back?.atMs ?? Infinity) / minuteMs));
    for (let minute = Math.floor(verdict.atMs / minuteMs); minute <= lastMinute; minute++)
      held.add(`${verdict.of} ${String(minute)}`);
  }
  return held.size;
}

function join(scene: Scene): { joinedMs: number[]; joinWholeMs: number } {
  const { sim } = scene;
  scene.mark();
  const bootstrap = sim.running.slice(0, 1).map(({ address }) => address);
  const newcomer = sim.start({ bootstrap });
  const joinWholeMs = finite(scene.untilWhole(5 * minuteMs));
  return { joinedMs: scene.joined.filter(({ of }) => of === newcomer.id).map(({ atMs }) => atMs), joinWholeMs };
}

/** One in a hundred dies, one after the other within 10 s, each in the midst of a random moment. */
function kill(scene: Scene, seed: number): { deadMs: number[]; undetected: number } {
  const { sim } = scene;
  const random = seeded(seed);
  const killedMs = new Map<NodeId, number>();
  scene.mark();
  const startMs = sim.nowMs;
  for (let left = Math.max(1, Math.round(sim.running.length / 100)); left > 0; left--) {
    sim.run(1000 * random());
    const victim = sim.running[Math.floor(random() * sim.running.length)];
    if (victim === undefined) break;
    sim.kill(victim);
    killedMs.set(victim.id, sim.nowMs - startMs);
  }
  sim.run(2 * minuteMs);
  const survivors = new Set(sim.running.map(({ id }) => id));
  const seen = firstOfEach(scene.died.filter(({ by, of }) => survivors.has(by) && killedMs.has(of)));
  const deadMs = seen.map(({ of, atMs }) => atMs - (killedMs.get(of) ?? 0));
  return { deadMs, undetected: survivors.size * killedMs.size - deadMs.length };
}

function firstOfEach(sightings: readonly Sighting[]): Sighting[] {
  const first = new Map<string, Sighting>();
  for (const sighting of sightings) {
    const pair = `${sighting.by} ${sighting.of}`;
    if (!first.has(pair)) first.set(pair, sighting);
  }
  return [...first.values()];
}

function tearAndHeal(scene: Scene, minutes: number): number {
  const { sim } = scene;
  const half = Math.ceil(sim.running.length / 2);
  sim.partition(sim.running.slice(0, half), sim.running.slice(half));
  sim.run(minutes * minuteMs);
  sim.cut();
  return finite(scene.untilWhole(5 * minuteMs));
}

function finite(ms: number): number {
  return Math.min(ms, neverMs);
}
