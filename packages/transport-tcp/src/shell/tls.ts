import type { Socket } from 'node:net';
import type { ConnectionOptions, TLSSocket, TlsOptions } from 'node:tls';
import { checkServerIdentity, connect, createServer, type Server } from 'node:tls';

/** Certificates of a cluster, in PEM. Both sides of a connection show one, and both check it. */
export interface TcpTlsOptions {
  readonly key: string | Uint8Array;
  readonly cert: string | Uint8Array;
  /** Who issues the certificates of the cluster's nodes: whoever has a certificate of it, is let in. Never a public one. */
  readonly ca: string | Uint8Array | readonly (string | Uint8Array)[];
  /** Of `key`, when it is encrypted. */
  readonly passphrase?: string;
  /** A name that every node's certificate has to carry. Without it any certificate of `ca` will do. */
  readonly name?: string;
}

function common({ key, cert, ca, passphrase }: TcpTlsOptions): TlsOptions & ConnectionOptions {
  return {
    key: bytes(key),
    cert: bytes(cert),
    ca: Array.isArray(ca) ? ca.map(bytes) : bytes(ca as string | Uint8Array),
    ...(passphrase === undefined ? {} : { passphrase }),
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
  };
}

function bytes(text: string | Uint8Array): string | Buffer {
  return typeof text === 'string' ? text : Buffer.from(text);
}

/** Makes TLS of accepted sockets that are handed to it (`emit('connection', socket)`); it listens nowhere. */
export function tlsServer(options: TcpTlsOptions, handshakeTimeout: number): Server {
  return createServer({ ...common(options), requestCert: true, handshakeTimeout });
}

export function tlsConnect(socket: Socket, options: TcpTlsOptions): TLSSocket {
  const { name = '' } = options;
  // Addresses are dialled, not names: without a name of the cluster's own the issuer alone decides.
  const identity = name === '' ? { checkServerIdentity: () => undefined } : {};
  return connect({ ...common(options), ...identity, socket, servername: name });
}

/** An accepted peer carries the name, too. Its certificate has been checked. */
export function hasName(socket: TLSSocket, { name = '' }: TcpTlsOptions): boolean {
  return name === '' || checkServerIdentity(name, socket.getPeerCertificate()) === undefined;
}
