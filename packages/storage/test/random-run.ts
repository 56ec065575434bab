import { isOrigin, type StoredRecord } from '@simpledht/wire';
import { compareRecords, type ReplicaSettings } from '../src/index.ts';
import { areEqual, contents, line, vectorOf } from './contents.ts';
import { SimulatedCluster, seeded, type ClusterOptions, type SimulatedNode } from './simulated-cluster.ts';

/** Windows, pages and deltas of a few records, so that a short run sees them full. */
const small: Partial<ReplicaSettings> = {
  deltaBytes: 150,
  windowBytes: 400,
  pageBytes: 200,
  requestTimeoutMs: 400,
  digestTimeoutMs: 400,
  joinPatienceMs: 3_000,
  joinGraceMs: 1_000,
};

export interface RunOptions {
  readonly tamper?: ClusterOptions['tamper'];
  readonly chaosMs?: number;
}

/** One random history: writes, faults, crashes; then everything heals. Throws with the reason when a promise is broken. */
export class RandomRun {
  readonly #random: () => number;
  readonly #cluster: SimulatedCluster;
  readonly #chaosMs: number;
  /** Every write ever made; those that a wiped node took with it are not owed to anyone. */
  readonly #history: StoredRecord[] = [];
  readonly #excused = new Set<StoredRecord>();
  /** Only this node's store is ever wiped, or, in other runs, only it never comes back: what others hold is never lost. */
  readonly #wipeable: SimulatedNode | undefined;
  readonly #mortal: SimulatedNode | undefined;
  readonly #applied: Set<string>[];
  readonly #expected = new Map<SimulatedNode, { token: number; record: StoredRecord }[]>();

  constructor(seed: number, { tamper, chaosMs = 12_000 }: RunOptions = {}) {
    this.#random = seeded(seed * 7919 + 1);
    this.#chaosMs = chaosMs;
    const size = 3 + this.#below(3);
    this.#applied = Array.from({ length: size }, () => new Set<string>());
    const skew = this.#random() < 0.5 ? 0 : 5_000;
    const skews = Array.from({ length: size }, () => (this.#random() - 0.5) * skew);
    this.#cluster = new SimulatedCluster({
      size,
      seed,
      skewMs: (index) => skews[index] ?? 0,
      clockStepMs: this.#random() < 0.5 ? 1 : 500,
      faults: { loss: this.#random() * 0.4, duplication: this.#random() * 0.3, delayMs: 1 + this.#below(300) },
      settings: this.#random() < 0.6 ? small : { requestTimeoutMs: 1_000, digestTimeoutMs: 1_000 },
      ...(tamper === undefined ? {} : { tamper }),
      onEffect: (node, effect) => {
        if (effect.type === 'change') this.#changed(node, effect.record, effect.previous);
      },
    });
    for (const node of this.#cluster.nodes) node.replica.observeChanges = true;
    const fate = this.#random();
    this.#wipeable = fate < 0.5 ? this.#cluster.node(0) : undefined;
    this.#mortal = fate > 0.75 ? this.#cluster.node(0) : undefined;
  }

  run(): void {
    this.#cluster.connectAll();
    while (this.#cluster.nowMs < this.#chaosMs) {
      this.#cluster.run(20 + this.#below(60));
      this.#fault();
      this.#write();
    }
    this.#heal();
    if (!this.#cluster.runUntil(() => this.#isSettled(), 180_000, 500)) throw new Error(this.#difference());
    this.#checkWinners();
    this.#checkFigures();
    const isConfirmed = (): boolean => this.#cluster.nodes.every((node) => this.#isConfirmed(node));
    if (!this.#cluster.runUntil(isConfirmed, 120_000, 1_000)) throw new Error('an acknowledgement never came');
  }

  #isConfirmed(node: SimulatedNode): boolean {
    return (this.#expected.get(node) ?? []).every(({ token }) => node.acknowledged.has(token));
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(items: readonly T[]): T {
    const item = items[this.#below(items.length)];
    if (item === undefined) throw new Error('nothing to pick');
    return item;
  }

  #write(): void {
    const node = this.#pick(this.#cluster.nodes);
    if (!node.up) return;
    const count = this.#random() < 0.1 ? 8 : 1 + this.#below(2);
    for (let index = 0; index < count; index++) {
      const text = this.#random() < 0.3 ? null : `v${String(this.#below(1_000))}`;
      const record = this.#cluster.put(node, `\u0000k${String(this.#below(12))}`, text);
      this.#history.push(record);
      this.#await(node, record);
    }
    this.#cluster.turn(node);
  }

  #await(node: SimulatedNode, record: StoredRecord): void {
    if (this.#random() < 0.8) return;
    // A node that is to die cannot be waited for.
    const all = this.#cluster.nodes.length - (this.#mortal === undefined ? 0 : 1);
    const token = node.replica.expect(record.seq, this.#random() < 0.3 ? all : 2);
    this.#expected.set(node, [...(this.#expected.get(node) ?? []), { token, record }]);
  }

  #fault(): void {
    const chance = this.#random();
    if (chance < 0.03) this.#partition();
    else if (chance < 0.06) this.#cluster.heal();
    else if (chance < 0.09) this.#crash();
    else if (chance < 0.14) this.#restart();
    else if (chance < 0.18) this.#flap();
  }

  #partition(): void {
    const { nodes } = this.#cluster;
    const kind = this.#below(3);
    const lonely = this.#pick(nodes);
    const other = this.#pick(nodes);
    for (const a of nodes) {
      for (const b of nodes) {
        const isSplit = a.index < nodes.length / 2 !== b.index < nodes.length / 2;
        if (kind === 0 && isSplit) this.#cluster.cut(a, b);
        if (kind === 1 && (a === lonely) !== (b === lonely)) this.#cluster.cut(a, b);
      }
    }
    if (kind === 2) this.#cluster.cut(lonely, other);
  }

  #crash(): void {
    const running = this.#cluster.nodes.filter(({ up }) => up);
    if (running.length < 2) return;
    const node = this.#pick(running);
    this.#cluster.crash(node);
    // Some crashes are noticed, some are over before anyone does.
    if (this.#random() < 0.5) this.#tellOthers(node, 'peer-down');
  }

  #restart(): void {
    const down = this.#cluster.nodes.filter(({ up }) => !up);
    if (down.length === 0) return;
    const node = this.#pick(down);
    const wiped = node === this.#wipeable && this.#random() < 0.5;
    if (wiped) this.#excuse(node);
    this.#expected.delete(node);
    node.acknowledged.clear();
    this.#cluster.restart(node, wiped);
    this.#applied[node.index] = new Set();
    node.replica.observeChanges = true;
    for (const other of this.#cluster.nodes) {
      if (other.up && other !== node) this.#cluster.tell(node, { type: 'peer-up', peer: other.id });
    }
    this.#cluster.tell(node, { type: 'attempts-over' });
    this.#tellOthers(node, 'peer-up');
  }

  /** Membership is wrong about a node for a while. */
  #flap(): void {
    const node = this.#pick(this.#cluster.nodes);
    const other = this.#pick(this.#cluster.nodes);
    if (!node.up || node === other) return;
    this.#cluster.tell(node, { type: 'peer-down', peer: other.id });
    this.#cluster.after(this.#below(2_000), () => {
      if (other.up) this.#cluster.tell(node, { type: 'peer-up', peer: other.id });
    });
  }

  #tellOthers(node: SimulatedNode, type: 'peer-up' | 'peer-down'): void {
    for (const other of this.#cluster.nodes) {
      if (other !== node) this.#cluster.tell(other, { type, peer: node.id });
    }
  }

  /** What only the wiped store held is lost, and rightly so. */
  #excuse(node: SimulatedNode): void {
    for (const record of this.#history) {
      if (record.writer !== node.id) continue;
      const isElsewhere = this.#cluster.nodes.some((other) => {
        const held = other === node ? undefined : other.store.get(record.key);
        return held !== undefined && compareRecords(held, record) >= 0;
      });
      const isAcknowledged = this.#expected
        .get(node)
        ?.some((wait) => wait.record === record && node.acknowledged.has(wait.token));
      if (!isElsewhere && isAcknowledged === true) throw new Error(`acknowledged and lost: ${line(record)}`);
      if (!isElsewhere) this.#excused.add(record);
    }
  }

  #heal(): void {
    if (this.#mortal !== undefined) this.#bury(this.#mortal);
    Object.assign(this.#cluster.faults, { loss: 0, duplication: 0, delayMs: 10 });
    this.#cluster.heal();
    while (this.#cluster.nodes.some(({ up }) => !up)) this.#restart();
    for (const node of this.#cluster.nodes) this.#tellOthers(node, 'peer-up');
  }

  /** The node is gone for good, and what is on the way from it may still arrive. */
  #bury(node: SimulatedNode): void {
    this.#excuse(node);
    this.#cluster.crash(node);
    this.#cluster.nodes.splice(this.#cluster.nodes.indexOf(node), 1);
    for (const other of this.#cluster.nodes) this.#cluster.tell(other, { type: 'peer-forgotten', peer: node.id });
  }

  #isSettled(): boolean {
    const { nodes } = this.#cluster;
    return nodes.every(({ replica }) => replica.ready) && areEqual(this.#cluster);
  }

  /** A key's record only ever grows, and each dot is applied once. */
  #changed(node: SimulatedNode, record: StoredRecord, previous: StoredRecord | undefined): void {
    if (previous !== undefined && compareRecords(record, previous) <= 0) throw new Error(`went back: ${line(record)}`);
    const dot = `${record.origin} ${String(record.seq)}`;
    if (this.#applied[node.index]?.has(dot) === true) throw new Error(`applied twice: ${line(record)}`);
    this.#applied[node.index]?.add(dot);
  }

  /** The winner of each key is the largest of its history, as far as anyone still had it. */
  #checkWinners(): void {
    const [{ store }] = this.#cluster.nodes as [SimulatedNode];
    const written = new Set(this.#history.map(line));
    const largest = new Map<string, StoredRecord>();
    for (const record of this.#history) {
      const winner = store.get(record.key);
      if (winner !== undefined && !written.has(line(winner))) throw new Error(`nobody wrote ${line(winner)}`);
      if (this.#excused.has(record)) continue;
      const best = largest.get(record.key);
      if (best === undefined || compareRecords(record, best) > 0) largest.set(record.key, record);
    }
    for (const best of largest.values()) {
      const winner = store.get(best.key);
      // A deleted key whose tombstone is purged; what a store that is gone deleted may have been purged before.
      const isDeleted = this.#history.some(
        (record) => record.key === best.key && record.value === null && compareRecords(record, best) >= 0,
      );
      if (winner === undefined && isDeleted) continue;
      if (winner === undefined || compareRecords(winner, best) < 0) throw new Error(`lost: ${line(best)}`);
    }
  }

  /** Counts and sums that were kept by difference equal those of a replica that sums everything anew. */
  #checkFigures(): void {
    for (const node of this.#cluster.nodes) {
      const records = [...node.store.range()];
      const live = records.filter(({ value }) => value !== null).length;
      if (node.replica.size !== live) throw new Error(`size is ${String(node.replica.size)}, not ${String(live)}`);
      if (node.replica.tombstones !== records.length - live) throw new Error('tombstones are counted wrong');
      if (!records.every(({ origin }) => isOrigin(origin))) throw new Error('not an origin');
      if (node.notices.some(({ type }) => type === 'origin-changed')) throw new Error('false alarm: rollback');
    }
  }

  #difference(): string {
    return this.#cluster.nodes
      .map((node) => {
        const peers = JSON.stringify(node.replica.peers());
        return `node ${String(node.index)} ready ${String(node.replica.ready)}\n${vectorOf(this.#cluster, node)}\n${peers}\n${contents(node)}`;
      })
      .join('\n\n');
  }
}
