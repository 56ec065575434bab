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

/** Up to `count` different items among those accepted, each as likely as the next: a partial shuffle of a copy. */
export function sample<T>(
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
