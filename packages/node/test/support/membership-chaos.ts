import { seededRandom } from '@simpledht/transport';
import type { TestCluster } from '../../src/testing/index.ts';

type Act = (chaos: MembershipChaos) => Promise<void> | void;

const acts: readonly Act[] = [
  (chaos) => {
    chaos.cluster.partitionOneWay(chaos.pick(1), chaos.pick(chaos.cluster.nodes.length));
  },
  (chaos) => {
    const { cluster } = chaos;
    const side = chaos.pick(cluster.nodes.length >> 1);
    cluster.partition(
      side,
      cluster.nodes.map((_, index) => index).filter((index) => !side.includes(index)),
    );
  },
  ({ cluster }) => {
    const indices = cluster.nodes.map((_, index) => index);
    const half = indices.length >> 1;
    cluster.bridge(indices.slice(0, half), indices.slice(half + 1));
  },
  ({ cluster }) => {
    cluster.ring();
  },
  ({ cluster }) => {
    cluster.heal();
  },
  ({ cluster, draw }) => {
    cluster.setFaults({ lose: 0.25 * draw(), reorder: 0.2, duplicate: 0.1 });
  },
  (chaos) => {
    chaos.standStill();
  },
  (chaos) => chaos.die(),
  (chaos) => chaos.comeBack(),
  async (chaos) => {
    const [one] = chaos.pick(1);
    if (one !== undefined && !chaos.paused.has(one)) await chaos.cluster.move(one);
  },
];

/** Whatever happens to processes, machines and the network between them, by seed; `calm` ends it. The first node stays. */
export class MembershipChaos {
  readonly cluster: TestCluster;
  readonly paused: Set<number>;
  readonly draw: () => number;
  readonly #down = new Set<number>();
  #written = 0;

  constructor(cluster: TestCluster, seed: number) {
    const random = seededRandom(seed);
    this.cluster = cluster;
    this.paused = new Set();
    this.draw = () => random.next();
  }

  /** Some indices, each as likely as the next. */
  pick(count: number): number[] {
    const indices = this.cluster.nodes.map((_, index) => index);
    return Array.from({ length: count }, () => indices.splice(this.#below(indices.length), 1)).flat();
  }

  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      await acts[this.#below(acts.length)]?.(this);
      this.#write();
      await this.cluster.advance(25_000 * this.draw() ** 2);
    }
  }

  async calm(): Promise<void> {
    for (const index of this.paused) this.cluster.resume(index);
    this.paused.clear();
    while (this.#down.size > 0) await this.comeBack();
    this.cluster.setFaults({ lose: 0, reorder: 0, duplicate: 0 });
    this.cluster.heal();
  }

  standStill(): void {
    const one = this.#other();
    if (this.paused.delete(one)) this.cluster.resume(one);
    else if (!this.#down.has(one)) {
      this.cluster.pause(one);
      this.paused.add(one);
    }
  }

  async die(): Promise<void> {
    const one = this.#other();
    if (this.#down.has(one)) return;
    this.paused.delete(one);
    this.#down.add(one);
    await this.cluster.crash(one);
  }

  async comeBack(): Promise<void> {
    const [one] = this.#down;
    if (one === undefined) return;
    this.#down.delete(one);
    await this.cluster.restart(one, { keepData: this.draw() < 0.5, moved: this.draw() < 0.5 });
  }

  /** What is written on any side is everywhere in the end. */
  #write(): void {
    const node = this.cluster.live[this.#below(this.cluster.live.length)];
    node?.put(`key ${String(this.#written % 20)}`, this.#written++).catch(() => undefined);
  }

  /** Not the first: everyone else has its address only. */
  #other(): number {
    return 1 + this.#below(this.cluster.nodes.length - 1);
  }

  #below(count: number): number {
    return Math.floor(this.draw() * count);
  }
}
