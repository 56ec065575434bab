import { isOrigin, type StoredRecord } from '@simpledht/wire';
import { hash64 } from '../../src/index.ts';
import { line, vectorOf } from '../contents.ts';
import { startMs } from '../simulated-cluster.ts';
import { isOlder } from '../simulated-disk.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import { BrokenPromise } from './broken-promise.ts';
import { writeId } from './history.ts';
import { visible, type Scene } from './scene.ts';

/** After this time every clock of a run agrees on what has expired. */
const clockSpreadMs = 4_000;

/** All nodes are ready, show the same records to the last byte and cover the same dots. */
export function isConverged(scene: Scene): boolean {
  const { cluster } = scene;
  // Not while a disk is busy: then effects wait.
  if (!cluster.nodes.every(({ up, replica, commit }) => up && replica.ready && commit === undefined)) return false;
  const [first, ...others] = cluster.nodes;
  if (first === undefined) return true;
  const expected = seen(scene, first);
  const vector = vectorOf(cluster, first);
  return others.every((node) => seen(scene, node) === expected && vectorOf(cluster, node) === vector);
}

/** Everything in a node's store that no clock of the run takes for expired. */
function seen(scene: Scene, { store }: SimulatedNode): string {
  const records = visible(store, startMs + scene.cluster.nowMs + clockSpreadMs);
  // Copies of a late write may keep different dots: what covers the one has been deleted under the other.
  return records.map((record) => (scene.hasLate(record.key) ? writeId(record) : line(record))).join('\n');
}

/** Each key's winner is the largest write that the data of a remaining node ever held. */
export function checkWinners(scene: Scene): void {
  const wallMs = startMs + scene.cluster.nowMs;
  for (const key of scene.history.keys) {
    const winner = largest(scene, key);
    for (const node of scene.cluster.nodes) checkWinner(scene, { node, key, winner, wallMs });
  }
}

function largest(scene: Scene, key: string): StoredRecord | undefined {
  let winner: StoredRecord | undefined;
  for (const { store } of scene.cluster.nodes) {
    const peak = store.keptPeak(key);
    if (peak !== undefined && (winner === undefined || isOlder(winner, peak))) winner = peak;
  }
  // As it was written: a node may know it as expired only.
  return winner === undefined ? undefined : (scene.history.find(winner)?.record ?? winner);
}

interface Question {
  readonly node: SimulatedNode;
  readonly key: string;
  readonly winner: StoredRecord | undefined;
  readonly wallMs: number;
}

function checkWinner(scene: Scene, { node, key, winner, wallMs }: Question): void {
  const held = node.store.get(key);
  const original = held === undefined ? undefined : scene.history.find(held)?.record;
  if (held !== undefined && (original === undefined || isForged(held, original))) {
    throw new BrokenPromise('nobody wrote', `${line(held)} on node ${String(node.index)}`, key);
  }
  const isHeldLive = held !== undefined && isShown(held, wallMs - clockSpreadMs);
  if (winner === undefined || !isShown(winner, wallMs + clockSpreadMs)) {
    if (!isHeldLive) return;
    // It may not have been long expired.
    if (winner !== undefined && winner.value !== null && winner.expiresAt > wallMs - clockSpreadMs) return;
    if (scene.isLate(held, winner)) scene.tally.late += 1;
    else
      throw new BrokenPromise('resurrected', `${line(held)} beside ${told(winner)} on node ${String(node.index)}`, key);
    return;
  }
  if (held !== undefined && !isOlder(held, winner) && held.value !== null) return;
  const isAcknowledged = scene.history.find(winner)?.acknowledged === true;
  const what = isAcknowledged ? 'lost an acknowledged write' : 'lost a write';
  throw new BrokenPromise(what, `${line(winner)}; node ${String(node.index)} has ${told(held)}`, key);
}

function isForged(held: StoredRecord, { value, expiresAt }: StoredRecord): boolean {
  if (held.value === null) return value !== null && expiresAt === 0;
  return held.expiresAt !== expiresAt || value === null || String(held.value) !== String(value);
}

function isShown({ value, expiresAt }: StoredRecord, wallMs: number): boolean {
  return value !== null && (expiresAt === 0 || expiresAt > wallMs);
}

function told(record: StoredRecord | undefined): string {
  return record === undefined ? 'nothing' : line(record);
}

/** Counts and sums that were kept by difference equal those that are made anew; nothing expired is shown. */
export function checkFigures(scene: Scene): void {
  for (const node of scene.cluster.nodes) {
    const records = [...node.store.range()];
    const live = records.filter(({ value }) => value !== null);
    const { replica, index } = node;
    const where = `on node ${String(index)}`;
    if (replica.size !== live.length) {
      throw new BrokenPromise('wrong count', `size ${String(replica.size)}, not ${String(live.length)} ${where}`);
    }
    if (replica.tombstones !== records.length - live.length) {
      const detail = `${String(replica.tombstones)} tombstones, not ${String(records.length - live.length)} ${where}`;
      throw new BrokenPromise('wrong count', detail);
    }
    if (!records.every(({ origin }) => isOrigin(origin))) throw new BrokenPromise('not an origin', where);
    checkSum(scene, node, live);
    checkReads(scene, node);
  }
}

function checkSum(scene: Scene, node: SimulatedNode, live: readonly StoredRecord[]): void {
  let sum = 0n;
  let count = 0;
  for (const record of live) {
    if (record.expiresAt !== 0) continue;
    const { high, low } = hash64(record);
    sum += (BigInt(high) << 32n) + BigInt(low);
    count += 1;
  }
  const told = scene.digest(node);
  const kept = (BigInt(told.sumHigh) << 32n) + BigInt(told.sumLow);
  if (kept === BigInt.asUintN(64, sum) && told.count === count) return;
  throw new BrokenPromise('wrong sum', `node ${String(node.index)} counts ${String(told.count)}, not ${String(count)}`);
}

function checkReads(scene: Scene, { replica, index }: SimulatedNode): void {
  const { cluster, history } = scene;
  for (const key of history.keys) {
    const { wallMs } = cluster.now(cluster.node(index));
    const record = replica.get(key, wallMs);
    if (record !== undefined && !isShown(record, wallMs)) {
      throw new BrokenPromise('expired and shown', `${line(record)} on node ${String(index)}`, key);
    }
  }
}

/** Nobody believes that a store lost its tail when none did. */
export function checkAlarms(scene: Scene): void {
  const { torn = 0, restores, volatile, wipes = 0 } = scene.kind;
  const isRight = torn > 0 || restores !== undefined || volatile === true || wipes > 0;
  if (isRight) return;
  for (const { notices, index } of scene.cluster.nodes) {
    if (notices.some(({ type }) => type === 'origin-changed')) {
      throw new BrokenPromise('false alarm', `node ${String(index)} took a new origin`);
    }
  }
}

/** Every acknowledgement that members are left for has come. */
export function areAllAcknowledged(scene: Scene): boolean {
  const { nodes } = scene.cluster;
  return nodes.every((node) =>
    [...(scene.expected.get(node) ?? [])].every(
      ([token, { needed }]) => needed > nodes.length || node.acknowledged.has(token),
    ),
  );
}
