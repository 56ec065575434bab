import { decodeMessage, encodeMessage, type StoredRecord } from '@simpledht/wire';
import type { Driver } from './driver.ts';

/** Members asked at once for a key that this node does not have yet. */
const askedPeers = 3;
const fetchTimeoutMs = 1000;

/**
 * Asks some live peers for a key, keeps what they tell, and reads it here: what was read once is not forgotten, so that
 * a page which comes later cannot bring back something older. Nobody's answer is a miss.
 */
export async function fetchFromPeers(
  driver: Driver,
  key: string,
  wallMs: () => number,
): Promise<StoredRecord | undefined> {
  const peers = driver.membership.core.members.filter(({ state }) => state === 'alive').slice(0, askedPeers);
  const payload = encodeMessage({ kind: 'fetch', key });
  const found = await Promise.all(peers.map(({ address }) => fetchFrom(driver, address, payload, key)));
  driver.replica.keep(found.filter((record) => record !== undefined));
  return driver.replica.core.get(key, wallMs());
}

async function fetchFrom(
  driver: Driver,
  address: string,
  payload: Uint8Array,
  key: string,
): Promise<StoredRecord | undefined> {
  try {
    const answer = decodeMessage(await driver.request(address, payload, fetchTimeoutMs));
    return answer.kind === 'fetched' ? answer.records.find((record) => record.key === key) : undefined;
  } catch {
    return undefined; // silence and nonsense are a miss at this peer
  }
}
