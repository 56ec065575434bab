// A process of which one transport cannot bind. It closes the other, never the one that failed, and has nothing left to do.
import { parseHostPort, udpTransport } from '../../src/index.ts';

const nothing = (): void => undefined;
const handlers = { onDatagram: nothing, onRequest: nothing, onEvent: nothing };
const first = udpTransport({ host: '127.0.0.1' });
await first.open(handlers);
const { port } = parseHostPort(first.address);
const second = udpTransport({ host: '127.0.0.1', port });
await second.open(handlers).catch((error: unknown) => {
  process.send?.(error instanceof Error && 'code' in error ? error.code : 'no code');
});
await first.close();
process.disconnect();
