import type { DiskImage } from '../simulated-disk.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import { covers } from './coverage.ts';
import type { Scene } from './scene.ts';

/** Plays membership: who is told of whom, and when; and starts and ends processes. */
export class Membership {
  readonly #scene: Scene;
  /** When each node that is down went down, virtual ms. */
  readonly #downSince = new Map<SimulatedNode, number>();
  readonly #gone: SimulatedNode[] = [];
  #made: number;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#made = scene.cluster.nodes.length;
  }

  get running(): SimulatedNode[] {
    return this.#scene.cluster.nodes.filter(({ up }) => up);
  }

  get down(): SimulatedNode[] {
    return this.#scene.cluster.nodes.filter(({ up }) => !up);
  }

  crash(node: SimulatedNode, tornFlushes: number): void {
    const { cluster } = this.#scene;
    this.#scene.note(node, `crashes, ${String(tornFlushes)} flushes torn`);
    if (tornFlushes > 0) this.#scene.tearing(node);
    cluster.crash(node, tornFlushes);
    if (tornFlushes > 0) this.#scene.lostData(node);
    this.#scene.expected.get(node)?.clear();
    this.#downSince.set(node, cluster.nowMs);
    // Some crashes are noticed at once, some are over before anyone does.
    const { life } = node;
    const noticedMs = this.#scene.random() < 0.5 ? 0 : 500 + this.#scene.below(1_500);
    cluster.after(noticedMs, () => {
      if (node.life === life && !node.up) this.tellOthers(node, 'peer-down');
    });
  }

  restart(
    node: SimulatedNode,
    { wiped = false, image }: { wiped?: boolean; image?: DiskImage | undefined } = {},
  ): void {
    const { cluster, kind } = this.#scene;
    this.#scene.note(node, `restarts${wiped ? ' wiped' : ''}${image === undefined ? '' : ' from a snapshot'}`);
    if (wiped || image !== undefined || !node.store.durable) this.#scene.lostData(node);
    cluster.restart(node, wiped, image);
    const awayMs = cluster.nowMs - (this.#downSince.get(node) ?? 0);
    this.#downSince.delete(node);
    if (kind.traveller === true && awayMs > (kind.settings?.tombstoneGraceMs ?? Infinity)) {
      this.noteLate(node);
      this.#scene.returning.add(node);
    }
    this.#scene.begin(node);
    this.#introduce(node);
    cluster.tell(node, { type: 'attempts-over' });
    this.tellOthers(node, 'peer-up');
  }

  /** A node joins: empty, or started on a copy of another's disk. */
  join(image?: DiskImage): void {
    const { cluster } = this.#scene;
    const node = cluster.add(this.#made++);
    this.#scene.note(node, image === undefined ? 'joins' : "joins with a copy of another's disk");
    if (image !== undefined) {
      cluster.crash(node);
      cluster.restart(node, false, image);
      for (const record of image.peaks.values()) this.#scene.history.kept(node.index, record);
    }
    this.#scene.begin(node);
    this.#introduce(node);
    this.#scene.cluster.tell(node, { type: 'attempts-over' });
    this.tellOthers(node, 'peer-up');
  }

  /** The node is gone for good, and forgotten. */
  bury(node: SimulatedNode): void {
    const { cluster } = this.#scene;
    this.#scene.note(node, 'is gone for good');
    if (node.up) cluster.crash(node);
    cluster.nodes.splice(cluster.nodes.indexOf(node), 1);
    this.#gone.push(node);
    for (const other of cluster.nodes) cluster.tell(other, { type: 'peer-forgotten', peer: node.id });
  }

  tellOthers(node: SimulatedNode, type: 'peer-up' | 'peer-down'): void {
    for (const other of this.#scene.cluster.nodes) {
      if (other !== node) this.#scene.cluster.tell(other, { type, peer: node.id });
    }
  }

  /** Each node hears from probes how far each other's clock is off, now and every second. */
  probe(): void {
    const { cluster } = this.#scene;
    for (const node of cluster.nodes) {
      for (const other of cluster.nodes) {
        if (node === other || !node.up || !other.up || cluster.isCut(node, other) || cluster.isCut(other, node))
          continue;
        const offsetMs = other.skewMs - node.skewMs + (this.#scene.random() - 0.5) * 20;
        cluster.tell(node, { type: 'clock-offset', peer: other.id, offsetMs, errorMs: 10 });
      }
    }
    cluster.after(1_000, () => {
      this.probe();
    });
  }

  /** Membership is wrong about a node for a while. */
  flap(node: SimulatedNode, other: SimulatedNode, forMs: number): void {
    const { cluster } = this.#scene;
    cluster.tell(node, { type: 'peer-down', peer: other.id });
    cluster.after(forMs, () => {
      if (other.up && cluster.nodes.includes(other)) cluster.tell(node, { type: 'peer-up', peer: other.id });
    });
  }

  /** The roster is kept with the data, and its news come first: a node that starts knows of everyone. */
  #introduce(node: SimulatedNode): void {
    for (const { id } of this.#gone) this.#scene.cluster.tell(node, { type: 'peer-forgotten', peer: id });
    for (const other of this.#scene.cluster.nodes) {
      if (other === node) continue;
      node.roster.add(other.id);
      if (other.up) this.#scene.cluster.tell(node, { type: 'peer-up', peer: other.id });
    }
  }

  /** What a node brings that was away for longer than the others waited, and that no other member had ever seen. */
  noteLate(node: SimulatedNode): void {
    const { cluster } = this.#scene;
    const others = cluster.nodes.filter((other) => other !== node);
    // To have seen it is to cover it: a node that is still joining covers nothing.
    for (const record of node.store.range()) {
      if (!others.some(({ store }) => covers(store, record.origin, record.seq))) this.#scene.addLate(record);
    }
  }
}
