import { parseHostPort } from '@simpledht/transport';
import { transportSuite } from '@simpledht/transport/compliance';
import { describe, it } from 'vitest';
import { tcpTransport } from '../src/index.ts';
import { certificates } from './support/certificates.ts';

/** Port 1 of loopback: nothing listens there. */
describe.each([
  ['TCP over IPv4', '127.0.0.1', '127.0.0.1:1', {}],
  ['TCP over IPv6', '::1', '[::1]:1', {}],
  ['TLS over IPv4', '127.0.0.1', '127.0.0.1:1', { tls: certificates('node') }],
  ['TLS over IPv6', '::1', '[::1]:1', { tls: certificates('node') }],
] as const)('%s', (_name, host, nobody, options) => {
  transportSuite(
    { describe, it },
    {
      create: () => tcpTransport({ ...options, host }),
      createAt: (address) => tcpTransport({ ...options, ...parseHostPort(address) }),
      nobody,
    },
  );
});
