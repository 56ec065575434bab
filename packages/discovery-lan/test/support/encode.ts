import { createRequire } from 'node:module';

const here = createRequire(import.meta.url);
/** The encoder that multicast-dns uses. */
const packets = createRequire(here.resolve('multicast-dns'))('dns-packet') as { encode: (packet: object) => Buffer };

export function encode(type: 'query' | 'response', packet: object): Buffer {
  return packets.encode({ type, ...packet });
}
