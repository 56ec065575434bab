import type { Clock, RequestOptions, Transport, TransportHandlers } from '@simpledht/transport';
import { decodeMessage, SimpleDHTError, type Address, type VersionRange } from '@simpledht/wire';

/** Of a version after this one that can still speak this one. */
export const laterVersions: VersionRange = { min: 1, max: 2, current: 2 };

/** Kinds with a fixed layout, which does not grow: delta, page, fetched. */
const fixedLayouts: readonly number[] = [0x21, 0x24, 0x26];
/** A field that nobody has given a meaning: the text "later". */
const laterField = Uint8Array.of(0xa5, 0x6c, 0x61, 0x74, 0x65, 0x72);
/** A message of a kind that nobody has given a meaning. */
const laterKind = Uint8Array.of(0x7e, 0x91, 0x01);
/** Pause between two tries of that kind, ms. */
const trialMs = 500;
const [fixArray, fixArrayEnd] = [0x90, 0x9f];

/**
 * Speaks as a later version of the protocol may, by the rules of this one: its messages have a field more, and now and then
 * it tries a kind that is not known yet, which has to be refused and nothing else. What is answered else is an `error` event.
 */
export class LaterTransport implements Transport {
  readonly #transport: Transport;
  readonly #clock: Clock;
  #handlers: TransportHandlers | undefined;
  #nextTrialMs = 0;

  constructor(transport: Transport, clock: Clock) {
    this.#transport = transport;
    this.#clock = clock;
  }

  open(handlers: TransportHandlers): Promise<void> {
    this.#handlers = handlers;
    return this.#transport.open({
      onDatagram: handlers.onDatagram.bind(handlers),
      onRequest: (from, payload, reply, blame) => {
        handlers.onRequest(
          from,
          payload,
          (answer) => {
            reply(this.#grown(answer, this.maxMessageBytes));
          },
          blame,
        );
      },
      onEvent: handlers.onEvent.bind(handlers),
    });
  }

  send(to: Address, payload: Uint8Array): void {
    this.#transport.send(to, this.#grown(payload, this.maxDatagramBytes));
    this.#try(to);
  }

  request(to: Address, payload: Uint8Array, options?: RequestOptions): Promise<Uint8Array> {
    return this.#transport.request(to, this.#grown(payload, this.maxMessageBytes), options);
  }

  get address(): Address {
    return this.#transport.address;
  }

  get localAddresses(): readonly Address[] {
    return this.#transport.localAddresses;
  }

  get maxDatagramBytes(): number {
    return this.#transport.maxDatagramBytes;
  }

  get maxMessageBytes(): number {
    return this.#transport.maxMessageBytes;
  }

  get secure(): boolean {
    return this.#transport.secure;
  }

  get counters(): Readonly<Record<string, number>> {
    return this.#transport.counters;
  }

  resolve(name: string): Promise<readonly Address[]> {
    return this.#transport.resolve(name);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  #grown(payload: Uint8Array, maxBytes: number): Uint8Array {
    const [kind = 0, head = 0] = payload;
    const canGrow = head >= fixArray && head < fixArrayEnd && !fixedLayouts.includes(kind);
    if (!canGrow || payload.length + laterField.length > maxBytes) return payload;
    const grown = new Uint8Array(payload.length + laterField.length);
    grown.set(payload);
    grown.set(laterField, payload.length);
    grown[1] = head + 1;
    return grown;
  }

  #try(to: Address): void {
    if (this.#clock.monotonic() < this.#nextTrialMs) return;
    this.#nextTrialMs = this.#clock.monotonic() + trialMs;
    this.#transport.send(to, laterKind);
    this.#transport.request(to, laterKind).then(
      (answer) => {
        this.#judge(answer);
      },
      // The network's doing.
      () => undefined,
    );
  }

  #judge(answer: Uint8Array): void {
    const message = decodeMessage(answer);
    if (message.kind === 'failure' && message.code === 'ERR_MALFORMED') return;
    const error = new SimpleDHTError('ERR_MALFORMED', `A request of an unknown kind was answered with ${message.kind}`);
    this.#handlers?.onEvent({ type: 'error', error });
  }
}
