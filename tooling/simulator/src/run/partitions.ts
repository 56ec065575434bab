import type { IsCut, TestCluster } from '@simpledht/node/testing';
import type { Fault } from '../plan/plan.ts';

/** The partitions that last: each ends for itself, and what any of them cuts is cut. */
export class Partitions {
  readonly #cluster: TestCluster;
  readonly #lasting = new Set<IsCut>();

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
  }

  /** Gives what ends it. */
  begin(partition: Extract<Fault, { type: 'partition' }>): () => void {
    const isCut = cutOf(partition, this.#cluster.nodes.length);
    this.#lasting.add(isCut);
    this.#apply();
    return () => {
      if (this.#lasting.delete(isCut)) this.#apply();
    };
  }

  heal(): void {
    this.#lasting.clear();
    this.#apply();
  }

  #apply(): void {
    const all = [...this.#lasting];
    this.#cluster.cut((from, to) => all.some((isCut) => isCut(from, to)));
  }
}

/** Nodes that are added later are on the side of those not named. */
function cutOf({ shape, nodes }: Extract<Fault, { type: 'partition' }>, size: number): IsCut {
  const isNamed = (index: number): boolean => nodes.includes(index);
  if (shape === 'ring') return (from, to) => ![1, size - 1].includes(Math.abs(from - to));
  if (shape === 'one-way') return (from, to) => isNamed(from) && !isNamed(to);
  const isCut: IsCut = (from, to) => isNamed(from) !== isNamed(to);
  if (shape !== 'bridge') return isCut;
  // The first one that is not named hears both sides.
  const middle = Array.from({ length: size }, (_, index) => index).find((index) => !isNamed(index));
  return (from, to) => from !== middle && to !== middle && isCut(from, to);
}
