import type { Address } from '@simpledht/wire';
import { SimpleDHTError } from '@simpledht/wire';

export interface HostPort {
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

const bracketed = /^\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]:(\d{1,5})$/;
const plain = /^([^\s:[\]]+):(\d{1,5})$/;
const maxPort = 65_535;

/** Reads `host:port` and `[v6]:port`. Throws `ERR_INVALID_ADDRESS`. */
export function parseHostPort(text: string): HostPort {
  const match = bracketed.exec(text) ?? plain.exec(text);
  const host = match?.[1];
  const port = Number(match?.[2]);
  if (host === undefined || !(port <= maxPort)) {
    const message = `Invalid bootstrap node format: ${text}. Expected format: HOST:PORT`;
    throw new SimpleDHTError('ERR_INVALID_ADDRESS', message);
  }
  return { host, port };
}

/** The one spelling of an endpoint that this package uses; IPv6 in brackets. */
export function formatHostPort(host: string, port: number): Address {
  return host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
}
