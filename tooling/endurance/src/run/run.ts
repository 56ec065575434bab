import { setTimeout as wait } from 'node:timers/promises';
import type { Network, NetworkFaultKind } from '../network/network.ts';
import { churnUntil, type ChurnKind } from './churn.ts';
import { areEqual, describeAll, heldBy, startAll, tombstonesOf, until } from './cluster.ts';
import { History } from './history.ts';
import { writeUntil } from './load.ts';
import { Member, memberAt } from './member.ts';
import type { Break } from './operations.ts';
import { Draw } from './random.ts';
import { Vitals } from './vitals.ts';
import { Counts, stormUntil } from './weather.ts';

export interface RunOptions {
  readonly network: Network;
  readonly members: number;
  readonly steady: number;
  readonly seed: number;
  readonly minutes: number;
  /** Load and faults last so long; then all is healed and looked at. */
  readonly roundMs: number;
  readonly writesPerSecond: number;
  readonly keysPerMember: number;
  readonly networkFaults: readonly NetworkFaultKind[];
  readonly churn: readonly ChurnKind[];
  readonly directory: string;
  readonly breaks: Break | undefined;
  /** Called with the members as soon as there are some, so that they can be ended. */
  readonly onMembers: (members: readonly Member[]) => void;
  readonly onRound: (text: string) => void;
}

export interface Outcome {
  readonly rounds: number;
  readonly seconds: number;
  readonly writes: number;
  readonly acknowledged: number;
  /** Answered with an error: mostly majorities that could not be reached in time. */
  readonly refused: number;
  readonly faults: string;
  readonly slowestMs: number;
  readonly mostTombstones: number;
  readonly vitals: Vitals;
  readonly violations: readonly string[];
}

/** All are one again and equal within it. */
const convergeMs = 60_000;
const leastRoundMs = 1_000;
const drainMs = 30_000;
/** A member that was replaced is held dead within it. */
const deadMs = 60_000;
/** Deletes are forgotten within it, once all have them. */
const purgeMs = 60_000;
/** So many of one kind are told. */
const maxTold = 5;

/** A cluster under load and faults, looked at after each round. */
export class Run {
  readonly #options: RunOptions;
  readonly #history = new History();
  readonly #members: readonly Member[];
  readonly #draws: { readonly load: Draw; readonly churn: Draw; readonly weather: Draw };
  readonly #counts = new Counts();
  readonly #vitals = new Vitals();
  readonly #violations: string[] = [];
  /** Members that others still wait for. */
  readonly #replaced: string[] = [];
  #slowestMs = 0;
  #mostTombstones = 0;
  #rounds = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    const { network, directory, breaks, members, seed } = options;
    const parts = { network, directory, breaks, members, history: this.#history };
    this.#members = Array.from({ length: members }, (_, index) => new Member(index, parts));
    this.#draws = { load: new Draw(seed), churn: new Draw(seed + 1), weather: new Draw(seed + 2) };
  }

  async run(): Promise<Outcome> {
    const { minutes, onMembers } = this.#options;
    onMembers(this.#members);
    await startAll(this.#members);
    const startMs = performance.now();
    const endMs = startMs + minutes * 60_000;
    while (performance.now() < endMs && this.#violations.length === 0) {
      const leftMs = Math.max(leastRoundMs, endMs - performance.now());
      await this.#disturb(Math.ceil(Math.min(this.#options.roundMs, leftMs)));
      await this.#look();
      this.#rounds += 1;
      this.#tellRound(startMs);
    }
    if (this.#violations.length === 0) await this.#lookAtTombstones();
    const steady = this.#members.slice(0, this.#options.steady);
    this.#violations.push(...this.#vitals.judge(steady.map(({ index }) => index)));
    return this.#outcome((performance.now() - startMs) / 1000);
  }

  /** Load and faults. */
  async #disturb(ms: number): Promise<void> {
    const { network, networkFaults, churn, steady, writesPerSecond, keysPerMember } = this.#options;
    const signal = AbortSignal.timeout(ms);
    const members = this.#members;
    const counts = this.#counts;
    const load = { members, history: this.#history, draw: this.#draws.load, writesPerSecond, keysPerMember };
    const weather = { network, kinds: networkFaults, members: members.length, draw: this.#draws.weather, counts };
    await Promise.all([
      writeUntil(signal, load),
      stormUntil(signal, weather),
      churnUntil(signal, { members, steady, kinds: churn, draw: this.#draws.churn, counts, replaced: this.#replaced }),
      wait(ms),
    ]);
  }

  /** All is well, and nobody writes: all have to be one again, and to hold what was answered for. */
  async #look(): Promise<void> {
    const members = this.#members;
    const startMs = performance.now();
    const ended = members.filter((member) => !member.runs).map((member) => `member ${String(member.index)} has ended`);
    this.#violations.push(...ended);
    if (ended.length > 0) return;
    const isDrained = await until(() => members.every(({ unsettled }) => unsettled === 0), drainMs);
    if (!isDrained) this.#violations.push(`writes are not answered within ${String(drainMs / 1000)} s`);
    if (!(await until(() => areEqual(members), convergeMs))) {
      this.#violations.push(`the members are not one and equal within ${String(convergeMs / 1000)} s`);
      this.#violations.push(...(await describeAll(members)));
      return;
    }
    this.#slowestMs = Math.max(this.#slowestMs, performance.now() - startMs);
    if (!(await forgetAll(members, this.#replaced)))
      this.#violations.push(`a replaced member is not dead within ${String(deadMs / 1000)} s`);
    await this.#judge();
    this.#mostTombstones = Math.max(this.#mostTombstones, await tombstonesOf(members));
    for (const member of members) await this.#vitals.take(member);
  }

  async #judge(): Promise<void> {
    const held = await heldBy(this.#members, 0);
    const wrong = this.#history.judge(held, Date.now());
    this.#history.settle(held);
    this.#violations.push(...wrong.slice(0, maxTold));
    if (wrong.length > maxTold) this.#violations.push(`and ${String(wrong.length - maxTold)} more keys`);
  }

  async #lookAtTombstones(): Promise<void> {
    const members = this.#members;
    if (await until(async () => (await tombstonesOf(members)) === 0, purgeMs)) return;
    const left = await tombstonesOf(members);
    this.#violations.push(`${String(left)} tombstones are left after ${String(purgeMs / 1000)} s without writes`);
  }

  #tellRound(startMs: number): void {
    const seconds = (performance.now() - startMs) / 1000;
    const { made, acknowledged } = this.#history;
    const heap = this.#vitals.lastHeapMegabytes.map((each) => each.toFixed(0)).join('/');
    this.#options.onRound(
      `${seconds.toFixed(0)} s: ${String(made)} writes, ${String(acknowledged)} acknowledged; heap ${heap} MB; ` +
        `faults: ${this.#counts.toString()}`,
    );
  }

  #outcome(seconds: number): Outcome {
    return {
      rounds: this.#rounds,
      seconds,
      writes: this.#history.made,
      acknowledged: this.#history.acknowledged,
      refused: this.#members.reduce((sum, { failed }) => sum + failed, 0),
      faults: this.#counts.toString(),
      slowestMs: this.#slowestMs,
      mostTombstones: this.#mostTombstones,
      vitals: this.#vitals,
      violations: this.#violations,
    };
  }
}

/** As whoever replaces a machine does: nobody waits for the old one any more. */
async function forgetAll(members: readonly Member[], replaced: string[]): Promise<boolean> {
  for (const id of replaced.splice(0)) {
    const forget = async (): Promise<boolean> => memberAt(members, 0).child.call<boolean>('forget', id);
    // It is refused while the old one is only suspected.
    if (
      !(await until(
        () =>
          forget().then(
            () => true,
            () => false,
          ),
        deadMs,
      ))
    )
      return false;
  }
  return true;
}
