import type { DiskImage } from '../simulated-disk.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import type { FaultRates } from './classes.ts';
import { isOlder } from '../simulated-disk.ts';
import type { Membership } from './membership.ts';
import type { Scene } from './scene.ts';

/** How the mark of a copied store is written: who opens it has to take a new origin. */
const copiedMark = 'replica/copied';

const most = { nodes: 7, joins: 2, leaves: 1 };

/** Draws faults and makes them happen. */
export class Faults {
  readonly #scene: Scene;
  readonly #membership: Membership;
  readonly #snapshots = new Map<SimulatedNode, DiskImage>();
  #joins = 0;
  #leaves = 0;
  /** The node that stays away for long, and until when. */
  #awayUntilMs = 0;

  constructor(scene: Scene, membership: Membership) {
    this.#scene = scene;
    this.#membership = membership;
  }

  step(): void {
    let chance = this.#scene.random();
    for (const [kind, act] of this.#acts()) {
      const rate = this.#scene.kind.rates[kind] ?? 0;
      if (chance < rate) {
        if (act()) this.#scene.tally.fault(kind);
        return;
      }
      chance -= rate;
    }
  }

  /** Everyone who can come back does, but for one. */
  restartAll(but?: SimulatedNode): void {
    for (const node of this.#membership.down) if (node !== but) this.#restart(node);
  }

  /** A process dies and begins anew, as in an update. */
  replace(node: SimulatedNode): void {
    this.#membership.crash(node, 0);
    this.#restart(node);
  }

  /** A node goes down, and its disk loses a record that others hold. False when there is none to choose. */
  damage(): boolean {
    const { cluster, damaged } = this.#scene;
    const node = this.#scene.pick(cluster.nodes);
    // Each key is damaged once in a run, so that another member keeps it.
    const candidates = [...node.store.range()].filter(
      (record) => record.value !== null && !damaged.has(record.key) && this.#isHeldElsewhere(node, record.key),
    );
    if (candidates.length === 0) return false;
    const { key } = this.#scene.pick(candidates);
    if (node.up) this.#membership.crash(node, 0);
    if (!node.store.damage(key)) return false;
    damaged.add(key);
    this.#scene.note(node, `lost ${key}| silently`);
    return true;
  }

  #acts(): readonly (readonly [keyof FaultRates, () => boolean])[] {
    return [
      ['partition', () => this.#partition()],
      ['heal', () => this.#healed()],
      ['crash', () => this.#crash()],
      ['restart', () => this.#restartSome()],
      ['flap', () => this.#flap()],
      ['clockStep', () => this.#clockStep()],
      ['snapshot', () => this.#snapshot()],
      ['damage', () => this.damage()],
      ['join', () => this.#join()],
      ['leave', () => this.#leave()],
    ];
  }

  #healed(): boolean {
    this.#scene.cluster.heal();
    return false;
  }

  /** Halves, one node, one direction, a bridge (two halves that only one node hears both of), a ring. */
  #partition(): boolean {
    const { cluster } = this.#scene;
    const { nodes } = cluster;
    const kind = this.#scene.below(5);
    const lonely = this.#scene.pick(nodes);
    const other = this.#scene.pick(nodes);
    const half = nodes.length / 2;
    nodes.forEach((a, from) => {
      nodes.forEach((b, to) => {
        if (a === b) return;
        const isSplit = from < half !== to < half;
        const distance = Math.min((from - to + nodes.length) % nodes.length, (to - from + nodes.length) % nodes.length);
        const isCut =
          (kind === 0 && isSplit) ||
          (kind === 1 && (a === lonely || b === lonely)) ||
          (kind === 2 && a === lonely && b === other) ||
          (kind === 3 && isSplit && a !== lonely && b !== lonely) ||
          (kind === 4 && distance > 1);
        if (isCut) cluster.cut(a, b);
      });
    });
    this.#scene.note(undefined, `partition of kind ${String(kind)}`);
    return true;
  }

  #crash(): boolean {
    const { random, kind, cluster } = this.#scene;
    const { running } = this.#membership;
    if (running.length < 2) return false;
    const node = this.#scene.pick(running);
    const isTorn = random() < (kind.torn ?? 0);
    if (isTorn) this.#scene.tally.fault('torn disk');
    this.#membership.crash(node, isTorn ? 1 + this.#scene.below(5) : 0);
    if (kind.traveller === true && node === cluster.nodes[0]) this.#leaveForLong();
    return true;
  }

  #leaveForLong(): void {
    const { cluster, kind } = this.#scene;
    const graceMs = kind.settings?.tombstoneGraceMs ?? 0;
    // Some come back in time.
    this.#awayUntilMs = cluster.nowMs + graceMs * (0.2 + this.#scene.random() * 4);
  }

  #restartSome(): boolean {
    const { cluster, kind } = this.#scene;
    const isAway = (node: SimulatedNode): boolean =>
      kind.traveller === true && node === cluster.nodes[0] && cluster.nowMs < this.#awayUntilMs;
    const back = this.#membership.down.filter((node) => !isAway(node));
    if (back.length === 0) return false;
    this.#restart(this.#scene.pick(back));
    return true;
  }

  #restart(node: SimulatedNode): void {
    const { kind, tally, random } = this.#scene;
    const wiped = random() < (kind.wipes ?? 0);
    if (wiped) tally.fault('wiped disk');
    // Clocks are often set right, or wrong, while a machine starts.
    if (kind.rates.clockStep !== undefined && kind.farClock !== true && random() < 0.6) this.#setClock(node);
    this.#membership.restart(node, { wiped, image: wiped ? undefined : this.#image(node) });
  }

  /** The disk's last copy, when this restart is to find it. */
  #image(node: SimulatedNode): DiskImage | undefined {
    const { kind, tally, random } = this.#scene;
    const { marked = 0, bare = 0 } = kind.restores ?? {};
    const chance = random();
    const image = this.#snapshots.get(node);
    if (image === undefined || chance >= marked + bare) return undefined;
    const meta = new Map(image.meta);
    if (chance < marked) meta.set(copiedMark, Uint8Array.of(1));
    tally.fault(chance < marked ? 'marked copy restored' : 'bare copy restored');
    return { records: image.records, meta, peaks: image.peaks };
  }

  #flap(): boolean {
    const { cluster } = this.#scene;
    const node = this.#scene.pick(cluster.nodes);
    const other = this.#scene.pick(cluster.nodes);
    if (!node.up || node === other) return false;
    // Not for longer than the grace: then the others may go on without it.
    this.#membership.flap(node, other, this.#scene.below(this.#scene.kind.traveller === true ? 1_000 : 2_000));
    return true;
  }

  /** Clocks that are off by minutes are set right. */
  rightClocks(): void {
    if (this.#scene.kind.farClock !== true) return;
    for (const node of this.#scene.returning) this.#membership.noteLate(node);
    for (const node of this.#scene.cluster.nodes) node.skewMs = 0;
  }

  #clockStep(): boolean {
    const { kind, cluster, random } = this.#scene;
    const node = this.#scene.pick(cluster.nodes);
    if (this.#scene.returning.has(node)) return false;
    this.#setClock(node);
    if (kind.farClock === true && random() < 0.3) this.#stepFar();
    return true;
  }

  #setClock(node: SimulatedNode): void {
    node.skewMs = (this.#scene.random() - 0.5) * 5_000;
    this.#scene.note(node, `its clock is now off by ${node.skewMs.toFixed(0)} ms`);
  }

  /** From 30 s to 5 min, seldom an hour; always the same node, so that the others are most. What it writes may come late. */
  #stepFar(): void {
    const [node] = this.#scene.cluster.nodes;
    if (node === undefined) return;
    const farMs = 30_000 + this.#scene.random() * (this.#scene.random() < 0.1 ? 3_600_000 : 270_000);
    node.skewMs = this.#scene.random() < 0.5 ? farMs : -farMs;
    this.#scene.returning.add(node);
    this.#membership.noteLate(node);
    this.#scene.tally.fault('clock far off');
    this.#scene.note(node, `its clock is now off by ${node.skewMs.toFixed(0)} ms`);
  }

  #snapshot(): boolean {
    const node = this.#scene.pick(this.#scene.cluster.nodes);
    this.#snapshots.set(node, node.store.snapshot());
    return true;
  }

  #join(): boolean {
    if (this.#joins === most.joins || this.#scene.cluster.nodes.length >= most.nodes) return false;
    this.#joins += 1;
    const isCopy = this.#scene.kind.restores !== undefined && this.#scene.random() < 0.5;
    const copies = isCopy ? [...this.#snapshots.values()] : [];
    if (copies.length > 0) this.#scene.tally.fault('copy started elsewhere');
    this.#membership.join(copies.length > 0 ? this.#scene.pick(copies) : undefined);
    return true;
  }

  #leave(): boolean {
    if (this.#leaves === most.leaves || this.#scene.cluster.nodes.length < 4) return false;
    this.#leaves += 1;
    this.#membership.bury(this.#scene.pick(this.#scene.cluster.nodes));
    return true;
  }

  #isHeldElsewhere(node: SimulatedNode, key: string): boolean {
    const record = node.store.get(key);
    return this.#scene.cluster.nodes.some((other) => {
      const held = other.store.get(key);
      return other !== node && record !== undefined && held !== undefined && !isOlder(held, record);
    });
  }
}
