/** Something that is due at a time, unless it is done before. */
export interface Deadline {
  readonly dueMs: number;
  /** Set by the owner, who then calls `onDone`; the queue forgets it in its own time. */
  done: boolean;
}

interface Entry<Item> {
  readonly item: Item;
  readonly order: number;
}

/** Done ones may make up half of the queue before it is rebuilt, and this many anyhow. */
const spareEntries = 1024;

/**
 * Deadlines by time, then by the order in which they were added: a binary heap. Done ones are skipped, and forgotten
 * at the latest when they outnumber the others, so the queue is bounded by twice what is open.
 */
export class DeadlineQueue<Item extends Deadline> {
  #heap: Entry<Item>[] = [];
  #done = 0;
  #nextOrder = 0;

  get first(): Item | undefined {
    this.#dropDone();
    return this.#heap[0]?.item;
  }

  add(item: Item): void {
    this.#heap.push({ item, order: this.#nextOrder++ });
    this.#siftUp(this.#heap.length - 1);
  }

  /** An item of this queue was marked as done. */
  onDone(): void {
    this.#done++;
    this.#dropDone();
    if (this.#done > spareEntries && this.#done * 2 > this.#heap.length) this.#rebuild();
  }

  /** Takes out everything due at `nowMs`, in order. Items done since they were taken are the caller's to skip. */
  takeDue(nowMs: number): Item[] {
    const due: Item[] = [];
    for (let item = this.first; item !== undefined && item.dueMs <= nowMs; item = this.first) {
      due.push(item);
      this.#removeFirst();
    }
    return due;
  }

  /** All that are not done, in no order. */
  open(): Item[] {
    return this.#heap.filter(({ item }) => !item.done).map(({ item }) => item);
  }

  #dropDone(): void {
    while (this.#heap[0]?.item.done === true) {
      this.#removeFirst();
      this.#done = Math.max(0, this.#done - 1);
    }
  }

  #rebuild(): void {
    this.#heap = this.#heap.filter(({ item }) => !item.done).sort(compare);
    this.#done = 0;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#siftDown();
  }

  #siftUp(from: number): void {
    let index = from;
    while (index > 0 && this.#isBefore(index, (index - 1) >> 1)) {
      this.#swap(index, (index - 1) >> 1);
      index = (index - 1) >> 1;
    }
  }

  #siftDown(): void {
    let index = 0;
    for (;;) {
      let least = index;
      if (this.#isBefore(2 * index + 1, least)) least = 2 * index + 1;
      if (this.#isBefore(2 * index + 2, least)) least = 2 * index + 2;
      if (least === index) return;
      this.#swap(index, least);
      index = least;
    }
  }

  #isBefore(left: number, right: number): boolean {
    const a = this.#heap[left];
    const b = this.#heap[right];
    return a !== undefined && b !== undefined && compare(a, b) < 0;
  }

  #swap(left: number, right: number): void {
    const a = this.#heap[left];
    const b = this.#heap[right];
    if (a === undefined || b === undefined) return;
    this.#heap[left] = b;
    this.#heap[right] = a;
  }
}

function compare(a: Entry<Deadline>, b: Entry<Deadline>): number {
  return a.item.dueMs - b.item.dueMs || a.order - b.order;
}
