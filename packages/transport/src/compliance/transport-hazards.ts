import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { assertSameBytes, eventually, patterned, rejectsWith, within } from './suite.ts';
import type { TransportTests } from './transport-suite.ts';

/** What users and the network do that they should not. */
export function testHazards(tests: TransportTests): void {
  testSignals(tests);
  testAddresses(tests);
  testHandlers(tests);
}

function testSignals({ test, boundMs }: TransportTests): void {
  test('a request that was aborted before it left, or after, is over; others are not', async (open) => {
    const [asker, answerer] = [await open(), await open()];
    answerer.answer = () => undefined;
    const reason = new Error('no longer wanted');
    const ask = (): { abort: () => void; outcome: Promise<unknown> } => {
      const abort = new AbortController();
      const request = asker.transport.request(answerer.address, patterned(100, 1), { signal: abort.signal });
      const outcome = request.catch((error: unknown) => error);
      return {
        abort: () => {
          abort.abort(reason);
        },
        outcome,
      };
    };
    const after = ask();
    await eventually('the request arrives', boundMs, () => answerer.requests.length === 1);
    const before = ask();
    for (const asked of [after, before]) {
      asked.abort();
      assert.equal(await within('a rejection', boundMs, asked.outcome), reason);
    }
    answerer.requests[0]?.reply(patterned(5, 1));
    answerer.answer = ({ payload, reply }) => {
      reply(payload);
    };
    const next = asker.transport.request(answerer.address, patterned(6, 2));
    assertSameBytes(await within('the next reply', boundMs, next), patterned(6, 2), 'next reply');
  });

  test('a signal that outlives its requests is not held on to', async (open) => {
    const [asker, answerer] = [await open(), await open()];
    const { signal } = new AbortController();
    await within('a reply', boundMs, asker.transport.request(answerer.address, patterned(1, 1), { signal }));
    answerer.answer = () => undefined;
    const late = asker.transport.request(answerer.address, patterned(1, 1), { signal, timeoutMs: 50 });
    await rejectsWith(boundMs, late, 'ERR_TIMEOUT');
    assert.equal(getEventListeners(signal, 'abort').length, 0, 'listeners left on the signal');
  });
}

function testAddresses({ test, boundMs }: TransportTests): void {
  test('a text that is no address harms nobody', async (open) => {
    const [sender, receiver] = [await open(), await open()];
    for (const nonsense of ['', 'nonsense', 'a:b:c', '[::', '1.2.3.4:99999']) {
      sender.transport.send(nonsense, patterned(3, 1));
      const request = sender.transport.request(nonsense, patterned(3, 1), { timeoutMs: 50 });
      await rejectsWith(boundMs, request, 'ERR_TIMEOUT', 'ERR_LINK_DOWN', 'ERR_INVALID_ADDRESS');
    }
    await within('a reply', boundMs, sender.transport.request(receiver.address, patterned(1, 1)));
  });

  test('a request to oneself is answered or refused, and settles', async (open) => {
    const { transport, address } = await open();
    const outcome = transport.request(address, patterned(3, 1), { timeoutMs: 200 }).then(
      (reply) => {
        assertSameBytes(reply, patterned(3, 1), 'reply');
      },
      () => undefined,
    );
    await within('an outcome', boundMs, outcome);
  });

  test('a best-effort payload that is too long is refused', async (open) => {
    const [sender, receiver] = [await open(), await open()];
    const tooLong = new Uint8Array(sender.transport.maxDatagramBytes + 1);
    const isTooLarge = { code: 'ERR_MESSAGE_TOO_LARGE' };
    assert.throws(() => {
      sender.transport.send(receiver.address, tooLong);
    }, isTooLarge);
    await within('a reply', boundMs, sender.transport.request(receiver.address, patterned(1, 1)));
    assert.equal(receiver.datagrams.length, 0);
  });
}

function testHandlers({ test, boundMs }: TransportTests): void {
  test('whatever handlers throw, the transport goes on', async (open) => {
    const [a, b] = [await open(), await open()];
    b.throwing = true;
    const eventuallyHeard = async (what: string, heard: () => boolean): Promise<void> => {
      await eventually(what, boundMs, () => {
        a.transport.send(b.address, patterned(3, 1));
        return heard();
      });
    };
    await eventuallyHeard('a payload', () => b.datagrams.length > 0);
    b.throwing = false;
    await within('a reply', boundMs, a.transport.request(b.address, patterned(1, 1)));
    b.throwing = true;
    await within('close', boundMs, a.transport.close());
    await eventually('the end of the link', boundMs, () => b.heard('link-down') === 1);
    const next = await open();
    b.throwing = false;
    await within('a reply to another', boundMs, next.transport.request(b.address, patterned(1, 1)));
  });

  test('a reply after the asker is gone, and one after close, does no harm', async (open) => {
    const [asker, answerer, other] = [await open(), await open(), await open()];
    answerer.answer = () => undefined;
    asker.transport.request(answerer.address, patterned(4, 1)).catch(() => undefined);
    await eventually('the request arrives', boundMs, () => answerer.requests.length === 1);
    await within('close', boundMs, asker.transport.close());
    await eventually('the link goes down', boundMs, () => answerer.heard('link-down') === 1);
    answerer.requests[0]?.reply(patterned(4, 2));
    answerer.answer = ({ payload, reply }) => {
      reply(payload);
    };
    await within('a reply', boundMs, other.transport.request(answerer.address, patterned(1, 1)));
    await within('close', boundMs, answerer.transport.close());
    answerer.requests[0]?.reply(patterned(4, 2));
    answerer.requests[1]?.reply(patterned(4, 2));
  });
}
