import assert from 'node:assert/strict';
import { assertSameBytes, eventually, patterned, rejectsWith, within } from './suite.ts';
import type { TransportTests } from './transport-suite.ts';

const mebibyte = 1_048_576;

export function testRequests({ test, boundMs, options }: TransportTests): void {
  test('a request is handed over with its sender, and its reply comes back', async (open) => {
    const [asker, answerer] = [await open(), await open()];
    const reply = await within('a reply', boundMs, asker.transport.request(answerer.address, patterned(40, 1)));
    assertSameBytes(reply, patterned(40, 1), 'reply');
    const [request] = answerer.requests;
    assertSameBytes(request?.payload, patterned(40, 1), 'request');
    const back = answerer.transport.request(request?.from ?? '', patterned(3, 2));
    assertSameBytes(await within('a reply the other way', boundMs, back), patterned(3, 2), 'reply to the sender');
  });

  test('requests and replies of any size arrive whole', async (open) => {
    const [asker, answerer] = [await open(), await open()];
    const { maxDatagramBytes, maxMessageBytes } = asker.transport;
    const sizes = [0, 1, maxDatagramBytes, maxDatagramBytes + 1, 65_536, Math.min(mebibyte, maxMessageBytes)];
    for (const size of sizes) {
      const sent = patterned(size, size);
      const request = asker.transport.request(answerer.address, sent, { timeoutMs: boundMs });
      const reply = await within(`a reply of ${String(size)} bytes`, boundMs, request);
      assertSameBytes(reply, sent, `reply of ${String(size)} bytes`);
      assertSameBytes(answerer.requests.at(-1)?.payload, sent, `request of ${String(size)} bytes`);
    }
    assert.equal(answerer.requests.length, sizes.length, 'each request is executed once');
  });

  test('200 requests at once are each executed once, and each gets its own reply', async (open) => {
    const [asker, answerer] = [await open(), await open()];
    const waiting: (() => void)[] = [];
    // Answered from the last to the first.
    answerer.answer = ({ payload, reply }) => {
      waiting.push(() => {
        reply(patterned(payload[0] ?? 0, payload.length));
      });
      if (waiting.length === 200) for (const answer of waiting.reverse()) answer();
    };
    const requests = Array.from({ length: 200 }, (_, index) =>
      asker.transport.request(answerer.address, new Uint8Array(index + 1).fill(index), { timeoutMs: boundMs }),
    );
    const replies = await within('200 replies', boundMs, Promise.all(requests));
    replies.forEach((reply, index) => {
      assertSameBytes(reply, patterned(index, index + 1), `reply ${String(index)}`);
    });
    assert.equal(answerer.requests.length, 200, 'each request is executed once');
  });

  test('only the first call of reply counts', async (open) => {
    const [asker, answerer] = [await open(), await open()];
    answerer.answer = ({ reply }) => {
      reply(patterned(5, 1));
      reply(patterned(6, 2));
    };
    for (let time = 0; time < 3; time++) {
      const reply = await within('a reply', boundMs, asker.transport.request(answerer.address, patterned(1, time)));
      assertSameBytes(reply, patterned(5, 1), 'reply');
    }
  });

  test('a request without an answer times out, and a late answer does no harm', async (open) => {
    const [asker, answerer] = [await open(), await open()];
    // The way is there: a request that is given up before there is one need never leave.
    await within('a reply', boundMs, asker.transport.request(answerer.address, patterned(4, 7)));
    answerer.answer = () => undefined;
    const request = asker.transport.request(answerer.address, patterned(4, 1), { timeoutMs: 100 });
    await rejectsWith(boundMs, request, 'ERR_TIMEOUT');
    await eventually('the request arrives', boundMs, () => answerer.requests.length === 2);
    answerer.requests[1]?.reply(patterned(4, 9));
    answerer.answer = ({ reply }) => {
      reply(patterned(4, 2));
    };
    const next = await within('the next reply', boundMs, asker.transport.request(answerer.address, patterned(4, 3)));
    assertSameBytes(next, patterned(4, 2), 'next reply');
  });

  test('a request to nobody is rejected in its time', async (open) => {
    const asker = await open();
    const request = asker.transport.request(options.nobody, patterned(4, 1), { timeoutMs: 100 });
    await rejectsWith(boundMs, request, 'ERR_TIMEOUT', 'ERR_LINK_DOWN');
  });

  test('a signal rejects with its reason, before and while a request waits', async (open) => {
    const [asker, answerer] = [await open(), await open()];
    answerer.answer = () => undefined;
    const reason = new Error('no longer wanted');
    const abort = new AbortController();
    const request = asker.transport.request(answerer.address, patterned(4, 1), { signal: abort.signal });
    abort.abort(reason);
    const isReason = (error: unknown): boolean => error === reason;
    await assert.rejects(within('a rejection', boundMs, request), isReason);
    const late = asker.transport.request(answerer.address, patterned(4, 1), { signal: abort.signal });
    await assert.rejects(within('a rejection', boundMs, late), isReason);
  });

  test('a request that is too long is refused, and nothing of it is sent', async (open) => {
    const [asker, answerer] = [await open(), await open()];
    const tooLong = new Uint8Array(asker.transport.maxMessageBytes + 1);
    await rejectsWith(boundMs, asker.transport.request(answerer.address, tooLong), 'ERR_MESSAGE_TOO_LARGE');
    await within('a reply', boundMs, asker.transport.request(answerer.address, patterned(1, 1)));
    assert.equal(answerer.requests.length, 1);
  });

  test('what a handler throws is an event, and the transport goes on', async (open) => {
    const [asker, answerer] = [await open(), await open()];
    await within('a reply', boundMs, asker.transport.request(answerer.address, patterned(4, 7)));
    answerer.answer = () => {
      throw new Error('the handler is broken');
    };
    const request = asker.transport.request(answerer.address, patterned(4, 1), { timeoutMs: 100 });
    await rejectsWith(boundMs, request, 'ERR_TIMEOUT');
    await eventually('an error event', boundMs, () => answerer.heard('error') === 1);
    answerer.answer = ({ payload, reply }) => {
      reply(payload);
    };
    await within('a reply', boundMs, asker.transport.request(answerer.address, patterned(4, 1)));
  });
}
