import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { SimpleDHTError } from '@simpledht/node';
import type { RequestOptions, Transport, TransportHandlers } from '@simpledht/transport';

/** Shorter payloads are not worth the work. */
const compressFromBytes = 256;
const asItIs = 0;
const deflated = 1;

/** A transport of our own, made of another one: all that is long enough travels compressed. */
export function compressed(inner: Transport): Transport {
  return new CompressedTransport(inner);
}

class CompressedTransport implements Transport {
  readonly maxDatagramBytes: number;
  readonly maxMessageBytes: number;
  readonly #inner: Transport;

  constructor(inner: Transport) {
    this.#inner = inner;
    // One byte says whether the rest is compressed.
    this.maxDatagramBytes = inner.maxDatagramBytes - 1;
    this.maxMessageBytes = inner.maxMessageBytes - 1;
  }

  get address(): string {
    return this.#inner.address;
  }

  get localAddresses(): readonly string[] {
    return this.#inner.localAddresses;
  }

  get secure(): boolean {
    return this.#inner.secure;
  }

  get counters(): Readonly<Record<string, number>> {
    return this.#inner.counters;
  }

  open(handlers: TransportHandlers): Promise<void> {
    return this.#inner.open({
      onDatagram: (from, bytes) => {
        const payload = unpack(bytes, this.maxDatagramBytes);
        // What comes from the network never throws: what cannot be read is dropped.
        if (payload !== undefined) handlers.onDatagram(from, payload);
      },
      onRequest: (from, bytes, reply) => {
        const payload = unpack(bytes, this.maxMessageBytes);
        if (payload === undefined) return;
        handlers.onRequest(from, payload, (answer) => {
          reply(pack(answer, this.maxMessageBytes));
        });
      },
      onEvent: (event) => {
        handlers.onEvent(event);
      },
    });
  }

  resolve(name: string): Promise<readonly string[]> {
    return this.#inner.resolve(name);
  }

  send(to: string, payload: Uint8Array): void {
    this.#inner.send(to, pack(payload, this.maxDatagramBytes));
  }

  async request(to: string, payload: Uint8Array, options?: RequestOptions): Promise<Uint8Array> {
    const bytes = await this.#inner.request(to, pack(payload, this.maxMessageBytes), options);
    const answer = unpack(bytes, this.maxMessageBytes);
    if (answer === undefined)
      throw new SimpleDHTError('ERR_MALFORMED', `${to} answered with bytes that cannot be read`);
    return answer;
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

function pack(payload: Uint8Array, maxBytes: number): Uint8Array {
  const { length } = payload;
  if (length > maxBytes)
    throw new SimpleDHTError(
      'ERR_MESSAGE_TOO_LARGE',
      `Message of ${String(length)} bytes; at most ${String(maxBytes)} are carried`,
    );
  const shorter = length < compressFromBytes ? payload : deflateRawSync(payload, { level: 1 });
  const [kind, bytes] = shorter.length < length ? [deflated, shorter] : [asItIs, payload];
  const packed = new Uint8Array(1 + bytes.length);
  packed[0] = kind;
  packed.set(bytes, 1);
  return packed;
}

/** `undefined` for bytes of something else, and for few bytes that would become very many. */
function unpack(bytes: Uint8Array, maxBytes: number): Uint8Array | undefined {
  const rest = bytes.subarray(1);
  if (bytes[0] === asItIs) return rest;
  if (bytes[0] !== deflated) return undefined;
  try {
    return new Uint8Array(inflateRawSync(rest, { maxOutputLength: maxBytes }));
  } catch {
    return undefined;
  }
}
