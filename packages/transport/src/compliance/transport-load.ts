import assert from 'node:assert/strict';
import { assertSameBytes, eventually, noise, patterned, within } from './suite.ts';
import type { TransportTests } from './transport-suite.ts';

const mebibyte = 1_048_576;

/** Much at once: what is long, what is small beside it, and more than is taken. */
export function testLoad(tests: TransportTests): void {
  testLongMessages(tests);
  testBounds(tests);
}

function testLongMessages({ test, boundMs, options: { longestBytes = Infinity } }: TransportTests): void {
  test('long messages cross both ways at once, whole and once', async (open) => {
    const [a, b] = [await open(), await open()];
    const length = Math.min(mebibyte / 2, longestBytes, a.transport.maxMessageBytes);
    const sent = Array.from({ length: 6 }, (_, index) => patterned(length - index, index));
    const both = sent.flatMap((payload) => [
      a.transport.request(b.address, payload, { timeoutMs: boundMs }),
      b.transport.request(a.address, payload, { timeoutMs: boundMs }),
    ]);
    const replies = await within('all replies', boundMs, Promise.all(both));
    replies.forEach((reply, index) => {
      const expected = sent[Math.floor(index / 2)];
      if (expected !== undefined) assertSameBytes(reply, expected, `reply ${String(index)}`);
    });
    assert.deepEqual([a.requests.length, b.requests.length], [sent.length, sent.length], 'each is executed once');
  });

  test('a small request is not stuck behind long ones', async (open) => {
    const [asker, answerer] = [await open(), await open()];
    await within('a reply', boundMs, asker.transport.request(answerer.address, patterned(1, 1)));
    const settled: string[] = [];
    const ask = async (name: string, length: number): Promise<void> => {
      const request = asker.transport.request(answerer.address, patterned(length, 1), { timeoutMs: boundMs });
      await within(`a reply of ${String(length)} bytes`, boundMs, request);
      settled.push(name);
    };
    const length = Math.min(mebibyte, longestBytes, asker.transport.maxMessageBytes);
    await Promise.all([...Array.from({ length: 4 }, () => ask('long', length)), ask('small', 10)]);
    assert.notEqual(settled.at(-1), 'small', 'the small one is answered before the last of the long ones');
  });

  test('a message of the largest size arrives, and one byte more is refused, asked and answered', async (open) => {
    const [asker, answerer] = [await open(), await open()];
    const { maxMessageBytes } = asker.transport;
    const longest = patterned(Math.min(maxMessageBytes, longestBytes), 3);
    const codes: unknown[] = [];
    answerer.answer = ({ payload, reply }) => {
      try {
        reply(new Uint8Array(maxMessageBytes + 1));
      } catch (error) {
        codes.push(error instanceof Error && 'code' in error ? error.code : error);
      }
      reply(payload);
    };
    const request = asker.transport.request(answerer.address, longest, { timeoutMs: boundMs });
    assertSameBytes(await within('the longest reply', boundMs, request), longest, 'the longest reply');
    assert.deepEqual(codes, ['ERR_MESSAGE_TOO_LARGE'], 'what `reply` throws');
  });
}

function testBounds({ test, boundMs }: TransportTests): void {
  test('what waits for one peer is bounded, told, and forgotten when it is aborted', async (open) => {
    const [asker, answerer] = [await open(), await open()];
    await within('a reply', boundMs, asker.transport.request(answerer.address, patterned(1, 1)));
    answerer.answer = ({ reply }) => {
      reply(new Uint8Array(1));
    };
    const payload = noise(Math.min(mebibyte, asker.transport.maxMessageBytes));
    const abort = new AbortController();
    const codes = new Set<unknown>();
    const asked = Array.from({ length: 300 }, () =>
      asker.transport.request(answerer.address, payload, { signal: abort.signal }).catch((error: unknown) => {
        codes.add(error instanceof Error && 'code' in error ? error.code : error);
      }),
    );
    const told = (on: boolean): boolean =>
      asker.events.some((event) => event.type === 'backpressure' && event.on === on);
    await eventually('backpressure is told on', boundMs, () => told(true));
    abort.abort('enough');
    await within('all settle', boundMs, Promise.all(asked));
    assert.ok(codes.has('ERR_LIMIT_REACHED'), 'some of 300 MiB are refused');
    await eventually('backpressure is told off', boundMs, () => told(false));
    await within('a reply', boundMs, asker.transport.request(answerer.address, patterned(1, 1)));
  });

  test('the bytes that arrive belong to the receiver, for good', async (open) => {
    const [asker, answerer] = [await open(), await open()];
    const sizes = [1, 40, 900, asker.transport.maxDatagramBytes, 3000];
    const payloads = Array.from({ length: 40 }, (_, index) => patterned(sizes[index % sizes.length] ?? 1, index));
    const requests = payloads.map((payload) => asker.transport.request(answerer.address, payload));
    const replies = await within('all replies', boundMs, Promise.all(requests));
    replies.forEach((reply, index) => {
      const expected = payloads[index];
      if (expected !== undefined) assertSameBytes(reply, expected, `reply ${String(index)}`);
    });
    const got = [...replies, ...answerer.requests.map(({ payload }) => payload)];
    for (const bytes of got) assert.equal(bytes.constructor, Uint8Array, 'a Uint8Array, nothing that is made of it');
    const sums = (all: readonly Uint8Array[]): string[] =>
      all.map((bytes) => Buffer.from(bytes).toString('hex')).sort();
    assert.deepEqual(
      sums(answerer.requests.map(({ payload }) => payload)),
      sums(payloads),
      'requests as they were sent',
    );
  });
}
