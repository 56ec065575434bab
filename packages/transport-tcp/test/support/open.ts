import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parseHostPort, type Transport, type TransportEvent } from '@simpledht/transport';
import { SimpleDHTError } from '@simpledht/wire';
import type { TestContext } from 'vitest';
import { tcpTransport, type TcpTransportOptions } from '../../src/index.ts';

type Finishing = Pick<TestContext, 'onTestFinished'>;

export interface Opened {
  readonly transport: Transport;
  readonly address: string;
  readonly events: TransportEvent[];
  readonly requests: { readonly from: string; readonly payload: Uint8Array }[];
  /** What to answer; echo at first. */
  answer: (payload: Uint8Array, reply: (payload: Uint8Array) => void) => void;
}

/** A transport on loopback that is closed after the test. */
export async function open({ onTestFinished }: Finishing, options: TcpTransportOptions = {}): Promise<Opened> {
  const transport = tcpTransport({ host: '127.0.0.1', ...options });
  onTestFinished(() => transport.close());
  const opened: Opened = {
    transport,
    get address() {
      return transport.address;
    },
    events: [],
    requests: [],
    answer: (payload, reply) => {
      reply(payload);
    },
  };
  await transport.open({
    onDatagram: () => undefined,
    onRequest: (from, payload, reply) => {
      opened.requests.push({ from, payload });
      opened.answer(payload, reply);
    },
    onEvent: (event) => opened.events.push(event),
  });
  return opened;
}

export function types({ events }: Opened): readonly string[] {
  return events.map(({ type }) => type);
}

export function code(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => (SimpleDHTError.is(error) ? error.code : error),
  );
}

/** A bare connection to a transport. */
export async function stranger({ onTestFinished }: Finishing, { address }: Opened): Promise<Socket> {
  const socket = connect(parseHostPort(address));
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  return socket;
}

/** Polls until `predicate` holds. The bound of the test is the bound. */
export async function until(predicate: () => boolean): Promise<void> {
  while (!predicate()) await new Promise((resolve) => setTimeout(resolve, 1));
}
