/** Uniform in [0, 1), handed in by the shell so that a seed repeats a run. */
export type RandomSource = () => number;

/** Uniform in [low, high). */
export function between(random: RandomSource, low: number, high: number): number {
  return low + random() * (high - low);
}

/** Fisher–Yates, in place. */
export function shuffle(items: unknown[], random: RandomSource): void {
  for (let last = items.length - 1; last > 0; last--) swap(items, last, Math.floor(random() * (last + 1)));
}

/** So many draws for each item that is wanted, before all are looked at. */
const drawsPerItem = 4;

/**
 * Up to `count` different items among those accepted, each as likely as the next: drawn until there are enough, which most
 * are; if few are accepted, or few there, a partial shuffle of a copy.
 */
export function sample<T>(
  items: readonly T[],
  count: number,
  random: RandomSource,
  accept: (item: T) => boolean,
): readonly T[] {
  const drawn = new Set<T>();
  for (let left = items.length > drawsPerItem * count ? drawsPerItem * count : 0; left > 0; left--) {
    const item = items[Math.floor(random() * items.length)];
    if (item !== undefined && accept(item)) drawn.add(item);
    if (drawn.size === count) return [...drawn];
  }
  return sampleOfAll(items, count, random, accept);
}

function sampleOfAll<T>(
  items: readonly T[],
  count: number,
  random: RandomSource,
  accept: (item: T) => boolean,
): readonly T[] {
  const pool = items.filter(accept);
  const size = Math.min(count, pool.length);
  for (let first = 0; first < size; first++) swap(pool, first, first + Math.floor(random() * (pool.length - first)));
  return pool.slice(0, size);
}

export function swap(items: unknown[], left: number, right: number): void {
  [items[left], items[right]] = [items[right], items[left]];
}
