interface Task {
  readonly atMs: number;
  /** Same moment: first come, first served, so that a seed repeats a run. */
  readonly order: number;
  readonly run: () => void;
}

/** Virtual time: a binary heap of what happens when. */
export class Schedule {
  readonly #heap: Task[] = [];
  #order = 0;
  #nowMs = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.#nowMs + delayMs, run);
  }

  at(atMs: number, run: () => void): void {
    const task = { atMs: Math.max(atMs, this.#nowMs), order: this.#order++, run };
    let index = this.#heap.push(task) - 1;
    for (let parent = (index - 1) >> 1; index > 0; index = parent, parent = (index - 1) >> 1) {
      const above = this.#heap[parent];
      if (above === undefined || isBefore(above, task)) break;
      this.#heap[index] = above;
      this.#heap[parent] = task;
    }
  }

  runUntil(endMs: number): void {
    for (let task = this.#heap[0]; task !== undefined && task.atMs <= endMs; task = this.#heap[0]) {
      this.#pop();
      this.#nowMs = task.atMs;
      task.run();
    }
    this.#nowMs = endMs;
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const child = this.#smaller(left, left + 1);
      const task = this.#heap[child];
      if (task === undefined || isBefore(last, task)) break;
      this.#heap[index] = task;
      index = child;
    }
    this.#heap[index] = last;
  }

  #smaller(left: number, right: number): number {
    const first = this.#heap[left];
    const second = this.#heap[right];
    return first !== undefined && second !== undefined && isBefore(second, first) ? right : left;
  }
}

function isBefore(left: Task, right: Task): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}

/** Repeatable random numbers in [0, 1): mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
