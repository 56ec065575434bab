import { instanceBytes } from '@simpledht/wire';

/** Who speaks. The first frame each way. */
export interface Hello {
  readonly versions: { readonly min: number; readonly max: number; readonly current: number };
  readonly clusterTag: number;
  /** Random for each life of a process, so that a restart is told from a return. */
  readonly instance: Uint8Array;
  /** Where it listens, at the address that the connection comes from; 0: nowhere. */
  readonly port: number;
}

const magic = [0x53, 0x44, 0x48, 0x54]; // "SDHT"
const versionAt = 4;
const clusterAt = 8;
const instanceAt = 12;
const portAt = instanceAt + instanceBytes;
const helloBytes = portAt + 2;
/** A newer version may say more. */
export const maxHelloBytes = 1024;

/** "SDHT", lowest, highest and own version, 0, cluster tag (4), instance (8), port (2); big-endian. */
export function encodeHello({ versions, clusterTag, instance, port }: Hello): Uint8Array {
  const bytes = new Uint8Array(helloBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  bytes.set([versions.min, versions.max, versions.current], versionAt);
  view.setUint32(clusterAt, clusterTag);
  bytes.set(instance, instanceAt);
  view.setUint16(portAt, port);
  return bytes;
}

/** `undefined` for what is no hello. */
export function decodeHello(bytes: Uint8Array): Hello | undefined {
  if (bytes.length < helloBytes || bytes.length > maxHelloBytes) return undefined;
  if (magic.some((byte, index) => bytes[index] !== byte)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [min = 0, max = 0, current = 0] = bytes.subarray(versionAt, versionAt + 3);
  if (min > max) return undefined;
  return {
    versions: { min, max, current },
    clusterTag: view.getUint32(clusterAt),
    instance: bytes.slice(instanceAt, portAt),
    port: view.getUint16(portAt),
  };
}

/** Equal lengths; less than 0 when `a` is the smaller one. */
export function compareInstances(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function instanceText(instance: Uint8Array): string {
  return Array.from(instance, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
