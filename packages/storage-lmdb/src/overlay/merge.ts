/** Walks several ascending sources as one. No two of them hold the same thing. Closes them when it is left early. */
export function* mergeOrdered<T>(
  sources: readonly Iterable<T>[],
  order: (a: T, b: T) => number,
): Generator<T, void, undefined> {
  const walks = sources.map((source) => source[Symbol.iterator]());
  const heads = walks.map((walk) => walk.next());
  try {
    for (;;) {
      const at = lowest(heads, order);
      const head = heads[at];
      const walk = walks[at];
      if (head === undefined || head.done === true || walk === undefined) return;
      yield head.value;
      heads[at] = walk.next();
    }
  } finally {
    for (const walk of walks) walk.return?.();
  }
}

/** Index of the lowest head, or -1 when all sources have ended. There are three of them: a heap would cost more. */
function lowest<T>(heads: readonly IteratorResult<T, unknown>[], order: (a: T, b: T) => number): number {
  let best: T | undefined;
  let at = -1;
  for (const [index, head] of heads.entries()) {
    if (head.done === true || (best !== undefined && order(head.value, best) >= 0)) continue;
    best = head.value;
    at = index;
  }
  return at;
}

/** The first `limit` of a source. */
export function take<T>(source: Iterable<T>, limit: number): T[] {
  const taken: T[] = [];
  if (limit <= 0) return taken;
  for (const one of source) {
    taken.push(one);
    if (taken.length >= limit) break;
  }
  return taken;
}
