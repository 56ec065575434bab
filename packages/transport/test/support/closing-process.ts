// A process with two transports, a link, a request that waits and one to nobody. It closes both and has nothing left to do.
import { udpTransport } from '../../src/index.ts';

const nothing = (): void => undefined;
const handlers = { onDatagram: nothing, onRequest: nothing, onEvent: nothing };
const a = udpTransport({ host: '127.0.0.1' });
const b = udpTransport({ host: '127.0.0.1' });
await a.open(handlers);
await b.open(handlers);
const waiting = [a.request(b.address, new Uint8Array(10)), a.request('127.0.0.1:1', new Uint8Array(10))];
await a.request(b.address, new Uint8Array(10), { timeoutMs: 50 }).catch(nothing);
await a.close();
await b.close();
await Promise.allSettled(waiting);
