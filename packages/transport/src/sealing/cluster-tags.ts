import { createHash, createHmac } from 'node:crypto';
import { SimpleDHTError } from '@simpledht/wire';
import { parseKeyring } from './keyring.ts';

/** Longest name of a cluster, bytes of UTF-8. */
const maxClusterNameBytes = 255;
const discoveryTagBytes = 8;

/** What tells a cluster from others. */
export interface ClusterIdentity {
  /** Name of the cluster; '' has none. */
  readonly name: string;
  /** Its secret, or several while one takes the place of another. */
  readonly secret?: string | readonly string[] | undefined;
}

/** `clusterTag` of a transport for a cluster of that name: 0 for ''. Throws `ERR_INVALID_OPTION`. */
export function clusterTagOf(name: string): number {
  const checked = checkedName(name);
  if (checked === '') return 0;
  // 0 is the cluster without a name.
  return hash(`simpledht 1 cluster ${checked}`).readUInt32BE() || 1;
}

/**
 * `tags` of an announcement: one for each secret, or one for a cluster without. With a secret they are made by HMAC with its
 * 32 random bytes, so that who reads them can guess neither name nor secret; without one the name can be guessed. Throws
 * `ERR_INVALID_OPTION`.
 */
export function discoveryTags({ name, secret }: ClusterIdentity): readonly string[] {
  const text = `simpledht 1 discovery ${checkedName(name)}`;
  const hashes =
    secret === undefined
      ? [hash(text)]
      : parseKeyring(secret).map(({ psk }) => createHmac('sha256', psk).update(text).digest());
  return hashes.map((bytes) => bytes.subarray(0, discoveryTagBytes).toString('hex'));
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** One spelling of what looks the same: keyboards differ in how they write an umlaut. */
function checkedName(name: unknown): string {
  const normal = typeof name === 'string' && name.isWellFormed() ? name.normalize('NFC') : undefined;
  if (normal !== undefined && Buffer.byteLength(normal) <= maxClusterNameBytes) return normal;
  const wanted = `must be text of at most ${String(maxClusterNameBytes)} bytes`;
  throw new SimpleDHTError('ERR_INVALID_OPTION', `Option cluster ${wanted}`);
}
