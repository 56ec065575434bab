import { clockAt } from '../../src/index.ts';
import { line, vectorOf } from '../contents.ts';
import { startMs } from '../simulated-cluster.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import { BrokenPromise } from './broken-promise.ts';
import { areAllAcknowledged, checkAlarms, checkFigures, checkWinners, isConverged } from './checks.ts';
import { runClass, runClasses, type RunClass } from './classes.ts';
import { Faults } from './faults.ts';
import { Membership } from './membership.ts';
import { Scene, type RunOptions } from './scene.ts';
import { Trace } from './trace.ts';
import { writeSome } from './workload.ts';

/** Virtual time that healing, purging and repair may take, ms. */
const patienceMs = 180_000;

/** One random history: writes, faults, crashes; then everything heals. Throws `BrokenPromise` when an invariant breaks. */
export class StoreRun {
  readonly scene: Scene;
  readonly #chaosMs: number;
  readonly #keepsTombstones: boolean;
  readonly #membership: Membership;
  readonly #faults: Faults;

  constructor(seed: number, kind: RunClass, options: RunOptions = {}) {
    this.#keepsTombstones = options.keepsTombstones === true;
    this.scene = new Scene(seed, kind, options);
    // Half of the runs are short: most faults show early, and more of them are tried.
    const drawnMs = kind.traveller === true ? 13_000 : 3_000 + this.scene.below(8_000);
    this.#chaosMs = options.chaosMs ?? drawnMs;
    this.#membership = new Membership(this.scene);
    this.#faults = new Faults(this.scene, this.#membership);
  }

  run(): void {
    try {
      this.#run();
    } finally {
      this.#count();
    }
  }

  #run(): void {
    const { cluster } = this.scene;
    cluster.connectAll();
    if (this.scene.kind.farClock === true) this.#membership.probe();
    while (cluster.nowMs < this.#chaosMs) {
      cluster.run(20 + this.scene.below(60));
      this.#faults.step();
      writeSome(this.scene);
    }
    this.#heal();
    this.#settle('divergent');
    checkWinners(this.scene);
    if (!cluster.runUntil(() => areAllAcknowledged(this.scene), patienceMs, 1_000)) {
      throw new BrokenPromise('an acknowledgement never came', this.#state());
    }
    if (this.scene.kind.purges && !this.#keepsTombstones) this.#purge();
    if (this.scene.kind.lateDamage === true && this.#faults.damage()) {
      this.#faults.restartAll();
      this.#settle('not repaired');
    }
    // What is asked of a replica now must not mix with effects that wait for its disk.
    cluster.runUntil(() => cluster.nodes.every(({ commit }) => commit === undefined), patienceMs, 1);
    checkWinners(this.scene);
    checkFigures(this.scene);
    checkAlarms(this.scene);
  }

  #heal(): void {
    const { cluster, kind, random } = this.scene;
    if (random() < (kind.mortal ?? 0)) this.#membership.bury(this.scene.pick(cluster.nodes));
    Object.assign(cluster.faults, { loss: 0, duplication: 0, delayMs: 10, slow: 0 });
    cluster.heal();
    this.scene.note(undefined, 'all heals');
    this.#faults.rightClocks();
    if (kind.traveller === true && random() < 0.8) this.#journey();
    this.#faults.restartAll();
    for (const node of cluster.nodes) this.#membership.tellOthers(node, 'peer-up');
  }

  /** One node is away, with its data, while the others write, delete, purge, die and begin anew in peace. */
  #journey(): void {
    const { cluster, kind, random } = this.scene;
    const [traveller] = cluster.nodes;
    if (traveller === undefined) return;
    if (traveller.up) this.#membership.crash(traveller, 0);
    this.#faults.restartAll(traveller);
    const graceMs = kind.settings?.tombstoneGraceMs ?? 0;
    const busyUntilMs = cluster.nowMs + random() * 3_000;
    const backAtMs = cluster.nowMs + graceMs * (0.7 + random() * 2) + 1_500;
    while (cluster.nowMs < backAtMs) {
      cluster.run(50);
      if (cluster.nowMs < busyUntilMs) writeSome(this.scene);
      if (random() < 0.01) this.#faults.replace(this.scene.pick(cluster.nodes.filter((node) => node !== traveller)));
    }
  }

  #settle(invariant: string): void {
    const isSettled = this.scene.cluster.runUntil(() => isConverged(this.scene), patienceMs, 500);
    if (!isSettled) throw new BrokenPromise(invariant, this.#state(), this.#differingKey());
  }

  /** Nothing is written any more: every tombstone has to go in the end, and nothing may come back. */
  #purge(): void {
    const { cluster } = this.scene;
    const isPurged = (): boolean => cluster.nodes.every((node) => this.#isPurged(node));
    if (!cluster.runUntil(isPurged, patienceMs, 500)) throw new BrokenPromise('tombstones stay', this.#state());
    cluster.run(5_000);
    this.#settle('divergent after purging');
  }

  /** A tombstone of a clock that was far ahead stays until its time has come. */
  #isPurged({ replica, store }: SimulatedNode): boolean {
    if (replica.tombstones === 0) return true;
    if (this.scene.kind.farClock !== true) return false;
    const now = clockAt(startMs + this.scene.cluster.nowMs - 10_000);
    return store.tombstones(now, 1).length === 0;
  }

  /** Counts of replicas that crashed are lost with them. */
  #count(): void {
    const { cluster, tally } = this.scene;
    tally.virtualMs = cluster.nowMs;
    for (const { replica } of cluster.nodes) {
      const { repairs = 0, catchUps = 0, originChanges = 0 } = replica.counters;
      tally.repairs += repairs;
      tally.exchanges += catchUps;
      tally.newOrigins += originChanges;
    }
  }

  #differingKey(): string | undefined {
    const { cluster, history } = this.scene;
    const [first] = cluster.nodes;
    for (const key of history.keys) {
      const record = first?.store.get(key);
      for (const { store } of cluster.nodes) {
        const other = store.get(key);
        if (other?.hlc !== record?.hlc || other?.origin !== record?.origin) return key;
      }
    }
    return undefined;
  }

  #state(): string {
    const { cluster } = this.scene;
    const states = cluster.nodes.map((node) => {
      const peers = JSON.stringify(node.replica.peers());
      const { index, replica } = node;
      const vector = vectorOf(cluster, node);
      const records = Array.from(node.store.range(), line).join('\n');
      return `node ${String(index)} ready ${String(replica.ready)}\n${vector}\n${peers}\n${records}`;
    });
    return `\n${states.join('\n\n')}`;
  }
}

/** The class of a seed when none is named: they take turns. */
export function classOf(seed: number, names: readonly string[] = runClasses.map(({ name }) => name)): RunClass {
  return runClass(names[seed % names.length] ?? '');
}

/** Repeats a failing run and says what happened to the key, and how to see it again. */
export function explain(seed: number, kind: RunClass, options: RunOptions = {}, lines = 60): string {
  const trace = new Trace();
  try {
    new StoreRun(seed, kind, { ...options, trace }).run();
  } catch (error) {
    const key = error instanceof BrokenPromise ? error.key : undefined;
    const command = `npm run simulate:store -- --class ${kind.name} --seed ${String(seed)}`;
    return `class ${kind.name}, seed ${String(seed)}: ${String(error)}\n\n${trace.last(lines, key)}\n\nagain: ${command}`;
  }
  return `class ${kind.name}, seed ${String(seed)}: no failure when repeated: the run is not deterministic`;
}
