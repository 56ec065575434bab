/** Bytes that a process holds. */
export interface Held {
  /** Heap and buffers, after collection. */
  readonly bytes: number;
  /** Resident memory: with what the allocator keeps, and the code. */
  readonly resident: number;
}

/** Collects until buffers of what was collected are freed too, which takes turns of the event loop. */
export async function held(): Promise<Held> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { bytes: heapUsed + external, resident: rss };
}
