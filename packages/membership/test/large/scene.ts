import type { NodeId } from '@simpledht/wire';
import type { MembershipNotice } from '@simpledht/membership';
import { Simulation, type SimulatedNode, type SimulationOptions } from '../simulation/simulation.ts';

/** One node's verdict or discovery: `of` is the member, ms since the scene's last `mark`. */
export interface Sighting {
  readonly by: NodeId;
  readonly of: NodeId;
  readonly atMs: number;
}

/** What left the nodes in a span of time. */
export interface Traffic {
  readonly packets: number;
  readonly bytes: number;
}

/** A cluster of many cores that is watched by counting what its members notice, as looking at all rosters is too slow. */
export class Scene {
  readonly sim: Simulation;
  /** Since the last `mark`. */
  joined: Sighting[] = [];
  died: Sighting[] = [];
  suspected = 0;
  readonly #live = new Map<SimulatedNode, number>();
  #markMs = 0;

  constructor(options: SimulationOptions) {
    const onNotice = (node: SimulatedNode, notice: MembershipNotice): void => {
      this.#notice(node, notice);
    };
    this.sim = new Simulation({ ...options, codec: true, onNotice });
  }

  /** From here on things are counted. */
  mark(): void {
    this.#markMs = this.sim.nowMs;
    this.joined = [];
    this.died = [];
    this.suspected = 0;
  }

  /** Ms until everyone holds everyone alive, by counts that are then looked up; Infinity if not within the limit. */
  untilWhole(limitMs: number): number {
    const { sim } = this;
    const startMs = sim.nowMs;
    while (sim.nowMs - startMs < limitMs) {
      const left = limitMs - (sim.nowMs - startMs);
      if (sim.runUntil(() => this.#everyoneCounts(sim.running.length - 1), left) === Infinity) return Infinity;
      if (sim.isWhole()) return sim.nowMs - startMs;
      sim.run(50);
    }
    return Infinity;
  }

  traffic(): Traffic {
    let packets = 0;
    let bytes = 0;
    for (const node of this.sim.nodes) {
      packets += node.packetsSent;
      bytes += node.bytesSent;
    }
    return { packets, bytes };
  }

  #everyoneCounts(others: number): boolean {
    return this.sim.running.every((node) => (this.#live.get(node) ?? 0) === others);
  }

  #notice(node: SimulatedNode, notice: MembershipNotice): void {
    if (notice.type === 'peer-joined') {
      this.#count(node, 1);
      this.joined.push(this.#sighting(node, notice.member.id));
    } else if (notice.type === 'peer-left') {
      this.#count(node, -1);
      if (notice.reason === 'dead') this.died.push(this.#sighting(node, notice.member.id));
    } else if (notice.type === 'peer-suspect') this.suspected++;
  }

  #count(node: SimulatedNode, change: number): void {
    this.#live.set(node, (this.#live.get(node) ?? 0) + change);
  }

  #sighting(node: SimulatedNode, of: NodeId): Sighting {
    return { by: node.id, of, atMs: this.sim.nowMs - this.#markMs };
  }
}
