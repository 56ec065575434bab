import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { storeError } from '../errors.ts';

/*
 * LMDB maps its file and trusts it: reading a page that a torn file no longer has ends the process (SIGBUS). So the two
 * meta pages are looked at first. Offsets are those of LMDB in lmdb-js 3.5 on little-endian 64-bit machines, which all of
 * its prebuilt binaries but one are for; elsewhere LMDB's own checks are all there is.
 */
const magicAt = 24;
const magic = 0xbeefc0de;
const mapBytesAt = 40;
const pageSizeAt = 48;
const lastPageAt = 144;
const transactionAt = 152;
const metaBytes = 160;
const checkedMachines = ['x64', 'arm64'];

export const dataFileName = 'data.mdb';

interface MetaPage {
  readonly pageSize: number;
  /** Room that the file was given: no page of it is beyond. */
  readonly mapBytes: number;
  readonly lastPage: number;
  readonly transaction: number;
}

/** What the file is: absent or empty; whole; or `short`, and then it was made as long as LMDB believes it to be. */
export type DataFileState = 'new' | 'whole' | 'short';

/** Looks whether LMDB may open the file. Throws `ERR_STORE` when it is none of LMDB's. */
export function checkDataFile(directory: string): DataFileState {
  if (!checkedMachines.includes(process.arch)) return 'whole';
  let file: number;
  try {
    file = openSync(join(directory, dataFileName), 'r+');
  } catch (cause) {
    if ((cause as { readonly code?: unknown }).code === 'ENOENT') return 'new';
    throw storeError('ERR_STORE', `${join(directory, dataFileName)} cannot be opened`, cause);
  }
  try {
    return stateOf(file, directory);
  } finally {
    closeSync(file);
  }
}

function stateOf(file: number, directory: string): DataFileState {
  const { size } = fstatSync(file);
  if (size === 0) return 'new';
  const first = readMeta(file, 0);
  const second = first === undefined ? undefined : readMeta(file, first.pageSize);
  const latest = [first, second].filter((meta) => meta !== undefined).sort((a, b) => b.transaction - a.transaction)[0];
  if (latest === undefined) throw storeError('ERR_STORE', `${join(directory, dataFileName)} is not a store`);
  const needed = Math.max(2, latest.lastPage + 1) * latest.pageSize;
  if (size >= needed) return 'whole';
  if (!Number.isSafeInteger(needed) || needed > latest.mapBytes) throw damaged(directory);
  // Rightly so when the last pages were never written because their transaction freed them again; wrongly when the file
  // was cut. Zeros there are no tree page, so LMDB reports damage instead of dying of it.
  try {
    ftruncateSync(file, needed);
  } catch (cause) {
    throw damaged(directory, cause);
  }
  return 'short';
}

function damaged(directory: string, cause?: unknown): Error {
  return storeError('ERR_STORE', `${join(directory, dataFileName)} is damaged: pages at its end are missing`, cause);
}

function readMeta(file: number, position: number): MetaPage | undefined {
  const bytes = Buffer.alloc(metaBytes);
  if (readSync(file, bytes, 0, metaBytes, position) < metaBytes || bytes.readUInt32LE(magicAt) !== magic)
    return undefined;
  const pageSize = bytes.readUInt32LE(pageSizeAt);
  if (pageSize < 256 || pageSize > 65_536) return undefined;
  const [mapBytes, lastPage, transaction] = [mapBytesAt, lastPageAt, transactionAt].map((at) =>
    Number(bytes.readBigUInt64LE(at)),
  );
  if (mapBytes === undefined || lastPage === undefined || transaction === undefined) return undefined;
  return { pageSize, mapBytes, lastPage, transaction };
}
