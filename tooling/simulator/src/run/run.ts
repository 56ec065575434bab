import { noFaults } from '@simpledht/transport';
import { checkWinners } from '../check/final.ts';
import { checkSums } from '../check/sums.ts';
import { Violation } from '../check/violation.ts';
import { isFault, type Plan, type Step } from '../plan/plan.ts';
import { Agenda } from './agenda.ts';
import { Faults } from './faults.ts';
import type { Log } from './log.ts';
import { Operations } from './operations.ts';
import { Stage } from './stage.ts';
import type { Tally } from './tally.ts';

/** All have to agree so long after the last fault, virtual ms: the time in which two halves become one. */
const patienceMs = 60_000;
/** How often is looked whether they do, virtual ms. */
const lookMs = 100;
/** The writes when all is over: values beyond those of every plan, too long for one datagram. */
const [firstLastValue, lastBytes] = [1_000_000, 4_000] as const;
/** What is lost is sent again by the link, after 5 s at most each time; what is never sent again takes longer. */
const lossyPatienceMs = 20_000;

export interface Outcome {
  readonly plan: Plan;
  readonly violation: Violation | undefined;
  readonly tally: Tally;
  readonly hash: string;
  /** Virtual time that passed, ms. */
  readonly endMs: number;
}

/** Runs a plan to its end, or to the first broken promise. */
export async function runPlan(plan: Plan, log?: Log): Promise<Outcome> {
  const run = new Run(plan, log);
  await run.play();
  const { stage } = run;
  return { plan, violation: stage.violation, tally: stage.tally, hash: stage.hash.value, endMs: stage.nowMs };
}

class Run {
  readonly stage: Stage;
  readonly #plan: Plan;
  readonly #agenda = new Agenda();
  readonly #faults: Faults;
  readonly #operations: Operations;

  constructor(plan: Plan, log: Log | undefined) {
    this.#plan = plan;
    this.stage = new Stage(plan, log);
    this.#faults = new Faults(this.stage, this.#agenda);
    this.#operations = new Operations(this.stage);
  }

  async play(): Promise<void> {
    const { stage } = this;
    const { tally } = stage;
    tally.begun(this.#plan);
    try {
      for (let index = 0; index < this.#plan.setting.nodes; index++) await stage.add();
      await stage.cluster.formed();
      await this.#chaos();
      if (stage.violation === undefined) await this.#settle();
      if (stage.violation === undefined) await this.#checkEnd();
    } catch (error) {
      stage.fail(error instanceof Violation ? error : new Violation('it threw', stackOf(error)));
    }
    tally.virtualMs = stage.nowMs;
    tally.estranged = stage.ledger.excused;
    // A broken run need not end well.
    await stage.stop().catch((error: unknown) => {
      stage.fail(new Violation('could not stop', stackOf(error)));
    });
  }

  async #chaos(): Promise<void> {
    const startMs = this.stage.nowMs;
    for (const step of this.#plan.steps) this.#agenda.add(startMs + step.atMs, () => this.#perform(step));
    await this.#passUntil(startMs + this.#plan.setting.chaosMs);
    this.stage.note(undefined, 'fault', 'all heals');
    await this.#faults.end();
  }

  #perform(step: Step): Promise<void> | undefined {
    if (isFault(step)) return this.#faults.perform(step);
    this.#operations.perform(step);
    return undefined;
  }

  /** Lets time pass, and what is due happen. */
  async #passUntil(endMs: number): Promise<void> {
    const { stage } = this;
    for (;;) {
      const entry = this.#agenda.take(endMs);
      const aheadMs = Math.max(0, (entry?.atMs ?? endMs) - stage.nowMs);
      if (aheadMs > 0) await stage.cluster.advance(aheadMs);
      if (entry === undefined || stage.violation !== undefined) return;
      await entry.act();
    }
  }

  /** What faults have left to do (a clone to end, a leaver to come back) happens, and all agree. */
  async #settle(): Promise<void> {
    const healedMs = this.stage.nowMs;
    await this.#agree(healedMs + patienceMs);
    if (this.stage.violation === undefined) this.stage.tally.converged(this.#plan.seed, this.stage.nowMs - healedMs);
  }

  async #agree(endMs: number): Promise<void> {
    const { stage } = this;
    while (stage.nowMs < endMs && stage.violation === undefined) {
      await stage.cluster.advance(lookMs);
      for (const [index, place] of stage.places.entries())
        if (!place.up && !place.leaving && !place.isClone) await stage.restart(index, 'empty', false);
      if (this.#isSettled()) return;
    }
    if (stage.violation === undefined) this.#explain();
  }

  #isSettled(): boolean {
    const { cluster, places } = this.stage;
    if (places.some(({ leaving }) => leaving)) return false;
    return cluster.live.every((node) => node.info().ready) && cluster.whole() && cluster.converged();
  }

  #explain(): never {
    const { cluster, places } = this.stage;
    const unready = places.flatMap(({ up }, index) => (up && !cluster.node(index).info().ready ? [index] : []));
    const within = `within ${String(patienceMs / 1_000)} s`;
    if (unready.length > 0) throw new Violation('never ready', `nodes ${unready.join()} ${within}`, { nodes: unready });
    const roster = cluster.rosterProblem();
    if (roster !== undefined) throw new Violation('not one cluster', `${within}: ${roster}`);
    try {
      cluster.checkInvariants();
    } catch (error) {
      throw new Violation('divergent', `${within}: ${String(error)}`);
    }
    throw new Violation('not settled', within);
  }

  async #checkEnd(): Promise<void> {
    const { stage } = this;
    // Every wait is over by then: those of writes take five seconds, those of calls as well.
    for (let waited = 0; waited < 300 && this.#operations.unanswered().length > 0; waited++)
      await stage.cluster.advance(lookMs);
    const [unanswered] = this.#operations.unanswered();
    if (unanswered !== undefined) throw new Violation('never answered', unanswered);
    await stage.cluster.advance(1_000);
    // What was still on its way to a node while all agreed is written now, and has to come to all as well.
    await this.#agree(stage.nowMs + patienceMs);
    await this.#lastWrites();
    const { cluster, ledger, places } = stage;
    if (stage.violation !== undefined) return;
    const remaining = [...places.keys()]
      .filter((index) => places[index]?.up)
      .map((index) => ({ index, node: cluster.node(index) }));
    const ahead = this.#plan.steps.map((step) => (step.type === 'skew' ? step.offsetMs : 0));
    checkWinners(ledger, remaining, { nowMs: cluster.clock.now(), aheadMs: Math.max(0, ...ahead) });
    cluster.checkInvariants();
    stage.checkTold();
    stage.checkLeft();
    await checkSums(stage);
  }

  /** Where all are one every node's write comes to all: soon even where a little is lost, as that is sent again. */
  async #lastWrites(): Promise<void> {
    const { cluster } = this.stage;
    // Whoever waits before it asks again has got over that then.
    await this.#insist(firstLastValue, patienceMs);
    cluster.setFaults({ lose: 0.1, duplicate: 0.1 });
    await this.#insist(2 * firstLastValue, lossyPatienceMs);
    cluster.setFaults(noFaults);
    if (this.stage.violation === undefined) await this.#agree(this.stage.nowMs + patienceMs);
  }

  async #insist(firstValue: number, timeoutMs: number): Promise<void> {
    const { cluster, places } = this.stage;
    const more = { atMs: 0, bytes: lastBytes, ttlMs: undefined, acks: cluster.live.length, remote: false } as const;
    for (const [node, { up }] of places.entries()) {
      if (!up || this.stage.violation !== undefined) continue;
      const value = firstValue + node;
      await this.#operations.insist({ type: 'put', node, key: `last${String(node)}`, value, ...more }, timeoutMs);
    }
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
