import { describe, expect, it } from 'vitest';
import { seeded } from './simulation/schedule.ts';
import { Simulation, type SimulatedNode } from './simulation/simulation.ts';

const seeds = Number(process.env['SIMPLEDHT_CHAOS_SEEDS'] ?? 20);

/** Kills, restarts (same or new id, same or new address, with and without memory), leaves, freezes, cuts and loss, by seed. */
class Chaos {
  readonly sim: Simulation;
  readonly #random: () => number;
  #gone: SimulatedNode[] = [];
  #frozen: SimulatedNode[] = [];

  constructor(seed: number) {
    this.#random = seeded(seed);
    this.sim = new Simulation({ seed, delayMs: [0.1, 100 * this.#random()], loss: 0.2 * this.#random() });
    this.sim.startMany(3 + this.#below(6));
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) {
      this.sim.run(20_000 * this.#random() ** 2);
      this.#act();
    }
  }

  /** Ends all faults; everyone who lives must find everyone again. */
  calm(): void {
    for (const node of this.#frozen) this.sim.thaw(node);
    this.sim.cut();
    this.sim.loss = 0;
  }

  #act(): void {
    const node = this.#pick(this.sim.running);
    const action = this.#below(8);
    if (action === 0 && this.sim.running.length > 2)
      this.#end(node, () => {
        this.sim.kill(node);
      });
    else if (action === 1 && this.sim.running.length > 2)
      this.#end(node, () => {
        this.#leave(node);
      });
    else if (action === 2) this.#restart();
    else if (action === 3) this.#partition();
    else if (action === 4) this.#cutOneWay(node);
    else if (action === 5) this.#freeze(node);
    else this.sim.cut();
  }

  #end(node: SimulatedNode, how: () => void): void {
    if (node.frozen !== undefined) this.sim.thaw(node);
    how();
    this.#gone.push(node);
  }

  #leave(node: SimulatedNode): void {
    this.sim.leave(node);
    this.sim.run(1000);
    this.sim.kill(node);
  }

  #restart(): void {
    const old = this.#gone.pop();
    const bootstrap = this.sim.nodes.map(({ address }) => address);
    this.sim.start({
      bootstrap,
      ...(old !== undefined && this.#random() < 0.5 && { id: old.id }),
      ...(old !== undefined && this.#random() < 0.7 && { address: old.address }),
      ...(old !== undefined && this.#random() < 0.5 && { known: old.core.members }),
    });
  }

  #partition(): void {
    const sides = new Map(this.sim.nodes.map(({ address }) => [address, this.#random() < 0.5]));
    this.sim.cut((from, to) => sides.get(from) !== sides.get(to));
  }

  #cutOneWay({ address }: SimulatedNode): void {
    const outwards = this.#random() < 0.5;
    this.sim.cut((from, to) => address === (outwards ? from : to));
  }

  #freeze(node: SimulatedNode): void {
    if (node.frozen === undefined) {
      this.sim.freeze(node);
      this.#frozen.push(node);
    } else this.sim.thaw(node);
  }

  #pick(nodes: readonly SimulatedNode[]): SimulatedNode {
    const node = nodes[this.#below(nodes.length)];
    if (node === undefined) throw new RangeError('nobody runs');
    return node;
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }
}

describe('after any sequence of faults', () => {
  it.each(Array.from({ length: seeds }, (_, seed) => seed))(
    'all who live are one cluster within 60 s: seed %i',
    (seed) => {
      const chaos = new Chaos(seed);
      chaos.run(25);
      chaos.calm();
      const ms = chaos.sim.runUntil(() => chaos.sim.isWhole(), 60_000);
      expect(ms).toBeLessThan(Infinity);
      chaos.sim.run(30_000);
      expect(chaos.sim.isWhole()).toBe(true);
      // Nobody is remembered at an address where somebody else lives.
      const living = new Map(chaos.sim.running.map(({ address, id }) => [address, id]));
      for (const { core } of chaos.sim.running) {
        for (const { address, id } of core.members) expect(living.get(address) ?? id).toBe(id);
      }
      for (const node of chaos.sim.running) expect(node.core.deadline()).toBeGreaterThanOrEqual(chaos.sim.nowMs);
    },
  );
});
