import {
  bytesToHex,
  decodeFloors,
  decodeRetired,
  encodeFloors,
  encodeVector,
  hexToBytes,
  isNodeId,
  isOrigin,
  limits,
  type NodeId,
  type Origin,
  type VectorEntry,
} from '@simpledht/wire';
import type { ContentFigures } from './content-sum.ts';
import { Floors } from './floors.ts';
import { OriginCover, type Span } from './origin-cover.ts';
import type { Store } from './store.ts';
import { Unsettled, type UnsettledSpan } from './unsettled.ts';
import { replicaBounds, VersionVector } from './version-vector.ts';

/*
 * What a replica keeps in its store beside the records, in the same transactions:
 *   replica/state            version u8 · joined u8 · ceiling f64 · live f64 · tombstones f64 · count f64 · sum u32 u32
 *   replica/origins          24 bytes per origin of the vector
 *   replica/vector/<origin>  watermark f64, then first f64 · last f64 per interval
 *   replica/floors           as on the wire
 *   replica/retired          as a vector on the wire: origins whose part of the vector was given up, and their last numbers
 *   replica/unsettled        origin 24 bytes · to f64 · until f64 for each origin of which a part is awaited
 *   replica/peers            id 16 bytes · durable u8 for each member that was met and not forgotten
 * One entry per origin, because a turn of writes changes one of up to 4,096. Numbers are big-endian.
 */

const stateVersion = 1;
const originBytes = 24;
const stateBytes = 42;
const stateName = 'replica/state';
const originsName = 'replica/origins';
const floorsName = 'replica/floors';
const retiredName = 'replica/retired';
const unsettledName = 'replica/unsettled';
const unsettledBytes = 40;
const peersName = 'replica/peers';
const peerBytes = 17;
const vectorName = (origin: Origin): string => `replica/vector/${origin}`;

export interface ReplicaState {
  /** The first pages are complete: the vector speaks for the records. */
  readonly joined: boolean;
  /** Ceiling of the clock. */
  readonly ceiling: number;
  readonly content: ContentFigures;
}

export type MetaEntry = readonly [name: string, value: Uint8Array];

export function stateEntry({ joined, ceiling, content }: ReplicaState): MetaEntry {
  const bytes = new Uint8Array(stateBytes);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, stateVersion);
  view.setUint8(1, Number(joined));
  view.setFloat64(2, ceiling);
  view.setFloat64(10, content.live);
  view.setFloat64(18, content.tombstones);
  view.setFloat64(26, content.count);
  view.setUint32(34, content.high);
  view.setUint32(38, content.low);
  return [stateName, bytes];
}

/** The state as saved; `undefined` when there is none or it does not read. */
export function loadState(store: Store): ReplicaState | undefined {
  const bytes = store.meta(stateName);
  if (bytes?.length !== stateBytes || bytes[0] !== stateVersion) return undefined;
  const view = viewOf(bytes);
  const content = {
    live: view.getFloat64(10),
    tombstones: view.getFloat64(18),
    count: view.getFloat64(26),
    high: view.getUint32(34),
    low: view.getUint32(38),
  };
  const ceiling = view.getFloat64(2);
  const areCounts = [ceiling, content.live, content.tombstones, content.count].every(isCount);
  return areCounts ? { joined: bytes[1] === 1, ceiling, content } : undefined;
}

export function floorsEntry(floors: Floors): MetaEntry {
  return [floorsName, encodeFloors(floors.all())];
}

/** `undefined` when they do not read: tombstones may have been purged that nobody remembers here. */
export function loadFloors(store: Store): Floors | undefined {
  const bytes = store.meta(floorsName);
  if (bytes === undefined) return new Floors();
  try {
    return new Floors(decodeFloors(bytes));
  } catch {
    return undefined;
  }
}

export function retiredEntry(retired: ReadonlyMap<Origin, number>): MetaEntry {
  return [retiredName, encodeVector(retiredEntries(retired))];
}

export function retiredEntries(retired: ReadonlyMap<Origin, number>): VectorEntry[] {
  const entries = Array.from(retired, ([origin, watermark]) => ({ origin, watermark, intervals: [] }));
  return entries.slice(-limits.maxRetiredOrigins);
}

/** Nothing when they do not read: then late records of long gone origins could pass for new. */
export function loadRetired(store: Store): readonly VectorEntry[] {
  try {
    return decodeRetired(store.meta(retiredName) ?? Uint8Array.of(0));
  } catch {
    return [];
  }
}

export function unsettledEntry(unsettled: Unsettled): MetaEntry {
  const bytes = new Uint8Array(unsettled.size * unsettledBytes);
  const view = viewOf(bytes);
  let at = 0;
  for (const [origin, { to, until }] of unsettled.all()) {
    bytes.set(hexToBytes(origin), at);
    view.setFloat64(at + originBytes, to);
    view.setFloat64(at + originBytes + 8, until);
    at += unsettledBytes;
  }
  return [unsettledName, bytes];
}

export function loadUnsettled(store: Store): Unsettled {
  const bytes = store.meta(unsettledName) ?? new Uint8Array(0);
  const view = viewOf(bytes);
  const spans: [Origin, UnsettledSpan][] = [];
  for (let at = 0; at + unsettledBytes <= bytes.length; at += unsettledBytes) {
    const origin = readOrigin(bytes, at);
    const [to, until] = [view.getFloat64(at + originBytes), view.getFloat64(at + originBytes + 8)];
    if (origin !== undefined && isCount(to) && isCount(until)) spans.push([origin, { to, until, sinceMs: 0 }]);
  }
  return new Unsettled(spans);
}

/** A member that was met. */
export interface KnownPeer {
  readonly id: NodeId;
  readonly durable: boolean;
}

export function peersEntry(peers: readonly KnownPeer[]): MetaEntry {
  const bytes = new Uint8Array(peers.length * peerBytes);
  for (const [index, { id, durable }] of peers.entries()) {
    bytes.set(hexToBytes(id), index * peerBytes);
    bytes[index * peerBytes + peerBytes - 1] = Number(durable);
  }
  return [peersName, bytes];
}

export function loadPeers(store: Store): KnownPeer[] {
  const bytes = store.meta(peersName) ?? new Uint8Array(0);
  const peers: KnownPeer[] = [];
  for (let at = 0; at + peerBytes <= bytes.length; at += peerBytes) {
    const id = bytesToHex(bytes, at, at + peerBytes - 1);
    if (isNodeId(id)) peers.push({ id, durable: bytes[at + peerBytes - 1] === 1 });
  }
  return peers;
}

/** The changed parts of a vector, ready to be applied. */
export function vectorEntries(vector: VersionVector, changed: Iterable<Origin>, isResized: boolean): MetaEntry[] {
  const entries: MetaEntry[] = [];
  for (const origin of changed) entries.push([vectorName(origin), coverBytes(vector.get(origin) ?? new OriginCover())]);
  if (isResized) entries.push([originsName, originsBytes([...vector.origins()])]);
  return entries;
}

/** The vector as saved; `undefined` when a part is missing or does not read: then nothing is covered for sure. */
export function loadVector(store: Store): VersionVector | undefined {
  const list = store.meta(originsName) ?? new Uint8Array(0);
  const vector = new VersionVector(replicaBounds);
  for (let at = 0; at < list.length; at += originBytes) {
    const origin = readOrigin(list, at);
    const bytes = origin === undefined ? undefined : store.meta(vectorName(origin));
    if (origin === undefined || bytes === undefined || !restoreCover(vector, origin, bytes)) return undefined;
  }
  return vector;
}

function coverBytes(cover: OriginCover): Uint8Array {
  const numbers = [cover.watermark, ...cover.intervals().flat()];
  const bytes = new Uint8Array(numbers.length * 8);
  const view = viewOf(bytes);
  for (const [index, number] of numbers.entries()) view.setFloat64(index * 8, number);
  return bytes;
}

/** False when the bytes are no cover. */
function restoreCover(vector: VersionVector, origin: Origin, bytes: Uint8Array): boolean {
  if (bytes.length % 16 !== 8) return false;
  const view = viewOf(bytes);
  const watermark = view.getFloat64(0);
  const spans: Span[] = watermark === 0 ? [] : [{ from: 0, to: watermark }];
  for (let at = 8; at < bytes.length; at += 16) {
    spans.push({ from: view.getFloat64(at) - 1, to: view.getFloat64(at + 8) });
  }
  if (!spans.every(({ from, to }) => isCount(from) && isCount(to) && from < to && to <= limits.maxSequence))
    return false;
  // It had a place, perhaps one that is kept for own origins.
  vector.openOwn(origin);
  for (const span of spans) vector.cover(origin, span);
  return true;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function originsBytes(origins: readonly Origin[]): Uint8Array {
  const bytes = new Uint8Array(Math.min(origins.length, limits.maxOrigins) * originBytes);
  for (let index = 0; index * originBytes < bytes.length; index++) {
    const origin = origins[index];
    if (origin !== undefined) bytes.set(hexToBytes(origin), index * originBytes);
  }
  return bytes;
}

function readOrigin(bytes: Uint8Array, at: number): Origin | undefined {
  const text = bytesToHex(bytes, at, at + originBytes);
  return isOrigin(text) ? text : undefined;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
