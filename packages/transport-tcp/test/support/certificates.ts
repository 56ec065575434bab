import { readFileSync } from 'node:fs';
import type { TcpTlsOptions } from '../../src/index.ts';

const read = (file: string): string => readFileSync(new URL(`../certificates/${file}`, import.meta.url), 'utf8');

/** What a node is given; all believe the one authority. */
export function certificates(owner: 'node' | 'guest' | 'stranger'): TcpTlsOptions {
  return { key: read(`${owner}.key`), cert: read(`${owner}.crt`), ca: read('ca.crt') };
}
