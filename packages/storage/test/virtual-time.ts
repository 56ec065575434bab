interface Task {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that moves when it is told to, and what is to happen by it: a heap, tasks of one moment in the order of their making. */
export class VirtualTime {
  nowMs = 0;
  readonly #heap: Task[] = [];
  #order = 0;

  after(delayMs: number, run: () => void): void {
    const heap = this.#heap;
    const task = { atMs: this.nowMs + delayMs, order: this.#order++, run };
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isSooner(parent, task)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = task;
  }

  /** Lets virtual time pass. */
  run(durationMs: number): void {
    const end = this.nowMs + durationMs;
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= end; next = this.#heap[0]) {
      this.#removeFirst();
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = end;
  }

  /** Lets time pass until the condition holds; false when it did not in time. */
  runUntil(condition: () => boolean, limitMs: number, stepMs = 50): boolean {
    for (let passed = 0; passed < limitMs; passed += stepMs) {
      if (condition()) return true;
      this.run(stepMs);
    }
    return condition();
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const isRight = left !== undefined && right !== undefined && isSooner(right, left);
      const child = isRight ? right : left;
      if (child === undefined || isSooner(last, child)) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
  }
}

function isSooner(a: Task, b: Task): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
