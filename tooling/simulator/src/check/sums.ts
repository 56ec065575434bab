import { hash64 } from '@simpledht/storage';
import { datagramTransport, seededRandom } from '@simpledht/transport';
import { decodeMessage, encodeMessage, type Digest, type NodeId, type StoredRecord } from '@simpledht/wire';
import type { Stage } from '../run/stage.ts';
import { Violation } from './violation.ts';

/** What each node says of itself, over the network, is what its store holds; and all cover the same. */
export async function checkSums(stage: Stage): Promise<void> {
  const { cluster, places, plan } = stage;
  const transport = datagramTransport({
    socket: cluster.network.socket('10.98.0.1:7000'),
    clock: cluster.clock,
    random: seededRandom(plan.seed + 3),
    ...stage.sealing,
  });
  await transport.open({ onDatagram: () => undefined, onRequest: () => undefined, onEvent: () => undefined });
  for (const [index, { up }] of places.entries()) {
    if (!up) continue;
    const answer = transport.request(cluster.addressOf(index), encodeMessage(question), { timeoutMs: 5_000 });
    const digest = decodeMessage(await cluster.settle(answer));
    if (digest.kind !== 'digest') throw new Violation('no digest', `node ${String(index)} answered ${digest.kind}`);
    checkSum(index, digest, [...cluster.recordsOf(index)]);
  }
  await cluster.settle(transport.close());
}

const question: Digest = {
  kind: 'digest',
  from: 'f'.repeat(32) as NodeId,
  origin: '',
  ready: true,
  hlc: 0,
  vector: [],
  durable: false,
  behind: false,
  unsettled: false,
  retired: [],
  count: 0,
  sumHigh: 0,
  sumLow: 0,
};

function checkSum(index: number, digest: Digest, records: readonly StoredRecord[]): void {
  let [sum, count] = [0n, 0];
  for (const record of records) {
    if (record.value === null || record.expiresAt !== 0) continue;
    const { high, low } = hash64(record);
    sum += (BigInt(high) << 32n) + BigInt(low);
    count += 1;
  }
  const told = (BigInt(digest.sumHigh) << 32n) + BigInt(digest.sumLow);
  if (told === BigInt.asUintN(64, sum) && digest.count === count) return;
  const detail = `node ${String(index)} counts ${String(digest.count)} records, not ${String(count)}, or another sum`;
  throw new Violation('wrong sum', detail, { nodes: [index] });
}
