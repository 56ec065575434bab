import assert from 'node:assert/strict';
import { assertSameBytes, eventually, patterned, within } from './suite.ts';
import type { TransportTests } from './transport-suite.ts';

export function testDatagrams({ test, boundMs, options }: TransportTests): void {
  test('best-effort payloads arrive as they were sent, with their sender', async (open) => {
    const [sender, receiver] = [await open(), await open()];
    for (const size of [0, 1, sender.transport.maxDatagramBytes]) {
      const whole = (): Uint8Array | undefined =>
        receiver.datagrams.find(({ payload }) => payload.length === size)?.payload;
      await eventually(`a payload of ${String(size)} bytes`, boundMs, () => {
        sender.transport.send(receiver.address, patterned(size, size));
        return whole() !== undefined;
      });
      assertSameBytes(whole(), patterned(size, size), `payload of ${String(size)} bytes`);
    }
    const from = receiver.datagrams[0]?.from ?? '';
    await eventually('a payload back to the sender', boundMs, () => {
      receiver.transport.send(from, patterned(7, 7));
      return sender.datagrams.length > 0;
    });
  });

  test('best effort to nobody harms nobody', async (open) => {
    const [sender, receiver] = [await open(), await open()];
    for (let time = 0; time < 10; time++) sender.transport.send(options.nobody, patterned(10, time));
    await within('a reply', boundMs, sender.transport.request(receiver.address, patterned(10, 1)));
  });

  test('no handler is called within a call', async (open) => {
    const [sender, receiver] = [await open(), await open()];
    for (let time = 0; time < 5; time++) {
      const request = receiver.during(() =>
        sender.during(() => {
          sender.transport.send(receiver.address, patterned(5, time));
          return sender.transport.request(receiver.address, patterned(5, time));
        }),
      );
      await within('a reply', boundMs, request);
    }
    assert.equal(sender.reentrant + receiver.reentrant, 0, 'handlers called before the call returned');
  });
}
