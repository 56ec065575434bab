import type { Address } from '@simpledht/wire';
import type { Transport, TransportEvent } from '../transport.ts';

interface HeardRequest {
  readonly from: Address;
  readonly payload: Uint8Array;
  readonly reply: (payload: Uint8Array) => void;
}

/** An open transport that writes down what it hears. */
export class ListeningTransport {
  readonly transport: Transport;
  readonly requests: HeardRequest[] = [];
  readonly datagrams: { readonly from: Address; readonly payload: Uint8Array }[] = [];
  readonly events: TransportEvent[] = [];
  /** Handlers throw after they have written down what they heard. */
  throwing = false;
  /** Handlers called while `during` ran. */
  reentrant = 0;
  /** What to do with a request; echo at first. */
  answer: (request: HeardRequest) => void = ({ payload, reply }) => {
    reply(payload);
  };
  #inCall = false;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  get address(): Address {
    return this.transport.address;
  }

  async open(): Promise<this> {
    await this.transport.open({
      onDatagram: (from, payload) => {
        this.#noteReentry();
        this.datagrams.push({ from, payload });
        this.#throw();
      },
      onRequest: (from, payload, reply) => {
        this.#noteReentry();
        const request = { from, payload, reply };
        this.requests.push(request);
        this.#throw();
        this.answer(request);
      },
      onEvent: (event) => {
        this.events.push(event);
        this.#throw();
      },
    });
    return this;
  }

  /** Runs `call` and notes handlers that are called before it returns. */
  during<Value>(call: () => Value): Value {
    this.#inCall = true;
    try {
      return call();
    } finally {
      this.#inCall = false;
    }
  }

  heard(type: TransportEvent['type']): number {
    return this.events.filter((event) => event.type === type).length;
  }

  #throw(): void {
    if (this.throwing) throw new Error('the handler is broken');
  }

  #noteReentry(): void {
    if (this.#inCall) this.reentrant++;
  }
}
