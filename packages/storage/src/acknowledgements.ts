import type { ReplicaContext } from './context.ts';

interface Expectation {
  seq: number;
  readonly token: number;
}

/** Done ones at a queue's head are cut off when they are this many. */
const cutAfter = 1_024;

/** Those who wait for the same number of members, in order of sequence number. */
class Queue {
  #waiting: Expectation[] = [];
  #head = 0;

  get length(): number {
    return this.#waiting.length - this.#head;
  }

  /** Lets go of those who no longer wait. */
  keep(pending: ReadonlySet<number>): void {
    this.#waiting = this.#waiting.slice(this.#head).filter(({ token }) => pending.has(token));
    this.#head = 0;
  }

  push(expectation: Expectation): void {
    const last = this.#waiting.at(-1);
    this.#waiting.push(expectation);
    if (last !== undefined && last.seq > expectation.seq) this.#order();
  }

  /** Takes the first one that `reached` covers. */
  next(reached: number): Expectation | undefined {
    const first = this.#waiting[this.#head];
    if (first === undefined || first.seq > reached) return undefined;
    this.#head += 1;
    if (this.#head > cutAfter) this.#order();
    return first;
  }

  renumber(place: (seq: number) => number): void {
    for (const expectation of this.#waiting) expectation.seq = place(expectation.seq);
  }

  #order(): void {
    this.#waiting = this.#waiting.slice(this.#head).sort((a, b) => a.seq - b.seq);
    this.#head = 0;
  }
}

/**
 * Local writes whose writers wait until several members hold them. One queue per number of members, so that an answer
 * costs a look at a few heads and not at everyone who waits. Bounded by the callers, who wait for each.
 */
export class Acknowledgements {
  readonly #queues = new Map<number, Queue>();
  readonly #pending = new Set<number>();
  readonly #context: ReplicaContext;
  #lastToken = 0;

  constructor(context: ReplicaContext) {
    this.#context = context;
  }

  /** Members known to hold the own writes up to `seq`, this node included: a batch is held when all of it is. */
  count(seq: number): number {
    const { local, peers } = this.#context;
    let count = 1;
    if (local.origin === '') return count;
    for (const peer of peers.all()) if (!peer.quarantined && peer.heldTo(local.origin) >= seq) count += 1;
    return count;
  }

  expect(seq: number, needed: number): number {
    const token = ++this.#lastToken;
    this.#pending.add(token);
    let queue = this.#queues.get(needed);
    if (queue === undefined) {
      queue = new Queue();
      this.#queues.set(needed, queue);
    }
    queue.push({ seq, token });
    if (queue.length > 2 * this.#pending.size + cutAfter) queue.keep(this.#pending);
    this.settle();
    return token;
  }

  /** What was cancelled leaves its queue when its turn comes or when the queue is mostly such. */
  cancel(token: number): void {
    this.#pending.delete(token);
  }

  /** Tells those whose number of members is reached. Gaps count as not held here: what follows them settles later. */
  settle(): void {
    if (this.#pending.size === 0) return;
    const watermarks = this.#watermarks();
    for (const [needed, queue] of this.#queues) {
      const reached = needed <= 1 ? Infinity : (watermarks[needed - 2] ?? -1);
      for (let done = queue.next(reached); done !== undefined; done = queue.next(reached)) {
        if (!this.#pending.delete(done.token)) continue;
        this.#context.outbox.push({ type: 'acknowledged', token: done.token, count: this.count(done.seq) });
      }
    }
  }

  /** The own origin changed: what waited for one number waits for another. */
  renumber(place: (seq: number) => number): void {
    for (const queue of this.#queues.values()) queue.renumber(place);
  }

  /** The peers' watermarks in the own origin, the highest first. */
  #watermarks(): number[] {
    const { local, peers } = this.#context;
    const { origin } = local;
    if (origin === '') return [];
    const counted = [...peers.all()].filter(({ quarantined }) => !quarantined);
    return counted.map((peer) => peer.heldTo(origin)).sort((a, b) => b - a);
  }
}
