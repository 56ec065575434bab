import { readFileSync } from 'node:fs';
import type { TcpTlsOptions } from '@simpledht/transport-tcp';

export const host = '127.0.0.1';

const read = (file: string): string => readFileSync(new URL(`../test/certificates/${file}`, import.meta.url), 'utf8');

export const tls: TcpTlsOptions = { key: read('node.key'), cert: read('node.crt'), ca: read('ca.crt') };

/** Where the other process listens. */
export interface Servers {
  readonly tcp: string;
  readonly tls: string;
  readonly udp: string;
  readonly barePort: number;
}
