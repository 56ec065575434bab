import { valueOf, type ReplicatedMap } from '../replicated-map.ts';

/** Keys asked for at once: while the first sync is running each may ask peers. */
const atOnce = 64;

/** The values in the order of the keys. */
export async function getMany(map: ReplicatedMap, keys: readonly string[]): Promise<unknown[]> {
  for (const key of keys) map.stored(key);
  const values: unknown[] = [];
  for (let from = 0; from < keys.length; from += atOnce) {
    const records = await Promise.all(keys.slice(from, from + atOnce).map((key) => map.find(key)));
    for (const record of records) values.push(valueOf(record));
  }
  return values;
}
