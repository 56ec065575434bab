import assert from 'node:assert/strict';
import { eventually, patterned, rejectsWith, within } from './suite.ts';
import type { TransportTests } from './transport-suite.ts';

export function testLifecycle({ test, boundMs, options }: TransportTests): void {
  test('an open transport has an address, names for it, and limits', async (open) => {
    const { transport } = await open();
    assert.ok(transport.address.length > 0);
    assert.ok(transport.localAddresses.length > 0);
    assert.ok(transport.maxDatagramBytes > 0);
    assert.ok(transport.maxMessageBytes >= transport.maxDatagramBytes);
    assert.equal(typeof transport.secure, 'boolean');
  });

  test('counters are numbers, with names that stay, and never go down', async (open) => {
    const [a, b] = [await open(), await open()];
    const before = { ...a.transport.counters };
    assert.ok(Object.keys(before).length > 0);
    await within('a reply', boundMs, a.transport.request(b.address, patterned(1, 1)));
    const after = a.transport.counters;
    for (const [name, count] of Object.entries(before)) {
      assert.ok(Number.isFinite(count), `${name} is ${String(count)}`);
      assert.ok((after[name] ?? -1) >= count, `${name} went from ${String(count)} to ${String(after[name])}`);
    }
    assert.ok(
      Object.entries(after).some(([name, count]) => count > (before[name] ?? 0)),
      'something is counted',
    );
  });

  test('nothing works before open, a transport opens once, and not after close', async (open) => {
    const unopened = options.create();
    unopened.send(options.nobody, patterned(1, 1));
    await rejectsWith(boundMs, unopened.request(options.nobody, patterned(1, 1)), 'ERR_NOT_STARTED');
    await within('close of what was not open', boundMs, unopened.close());
    const { transport } = await open();
    const handlers = { onDatagram: () => undefined, onRequest: () => undefined, onEvent: () => undefined };
    await rejectsWith(boundMs, transport.open(handlers), 'ERR_BIND_FAILED');
    await within('close', boundMs, transport.close());
    await rejectsWith(boundMs, transport.open(handlers), 'ERR_BIND_FAILED', 'ERR_CLOSED');
  });

  test('close with requests under way both ways settles all of them, on both sides', async (open) => {
    const [closing, peer] = [await open(), await open()];
    for (const side of [closing, peer]) side.answer = () => undefined;
    const timeoutMs = boundMs;
    const own = [1, 60_000].map((size) => closing.transport.request(peer.address, patterned(size, 1), { timeoutMs }));
    const theirs = [1, 60_000].map((size) =>
      peer.transport.request(closing.address, patterned(size, 1), { timeoutMs }),
    );
    for (const request of [...own, ...theirs]) request.catch(() => undefined);
    await eventually('all arrive', boundMs, () => closing.requests.length + peer.requests.length === 4);
    await within('close', boundMs, closing.transport.close());
    for (const request of own) await rejectsWith(boundMs, request, 'ERR_CLOSED');
    for (const request of theirs) await rejectsWith(boundMs, request, 'ERR_LINK_DOWN');
  });

  test('an address resolves to itself, and nonsense is refused', async (open) => {
    const { transport } = await open();
    const resolved = await within('the address resolves', boundMs, transport.resolve(transport.address));
    assert.deepEqual(resolved, [transport.address]);
    await rejectsWith(boundMs, transport.resolve(''), 'ERR_INVALID_ADDRESS');
  });

  test('both sides hear of their link once', async (open) => {
    const [a, b] = [await open(), await open()];
    const both = [a.transport.request(b.address, patterned(1, 1)), b.transport.request(a.address, patterned(1, 1))];
    await within('both replies', boundMs, Promise.all(both));
    await within('another reply', boundMs, a.transport.request(b.address, patterned(1, 1)));
    assert.deepEqual([a.heard('link-up'), b.heard('link-up')], [1, 1]);
    assert.deepEqual([a.heard('link-down'), b.heard('link-down')], [0, 0]);
  });

  test('close rejects what waits, refuses what comes, tells the peer, and may be called again', async (open) => {
    const [closing, peer] = [await open(), await open()];
    peer.answer = () => undefined;
    const waiting = closing.transport.request(peer.address, patterned(4, 1));
    waiting.catch(() => undefined);
    const toNobody = closing.transport.request(options.nobody, patterned(4, 1));
    toNobody.catch(() => undefined);
    await eventually('the request arrives', boundMs, () => peer.requests.length === 1);
    await within('close', boundMs, closing.transport.close());
    await rejectsWith(boundMs, waiting, 'ERR_CLOSED');
    // Where nobody refuses at once, that comes first.
    await rejectsWith(boundMs, toNobody, 'ERR_CLOSED', 'ERR_LINK_DOWN');
    await rejectsWith(boundMs, closing.transport.request(peer.address, patterned(4, 1)), 'ERR_CLOSED');
    closing.transport.send(peer.address, patterned(4, 1));
    await within('a second close', boundMs, closing.transport.close());
    await eventually('the peer hears of it', boundMs, () => peer.heard('link-down') === 1);
  });

  test('no handler is called after close', async (open) => {
    const [closing, peer] = [await open(), await open()];
    await within('a reply', boundMs, peer.transport.request(closing.address, patterned(1, 1)));
    await within('close', boundMs, closing.transport.close());
    const heard = (): number => closing.requests.length + closing.datagrams.length + closing.events.length;
    const before = heard();
    await eventually('the peer hears of it', boundMs, () => peer.heard('link-down') === 1);
    peer.transport.send(closing.address, patterned(4, 1));
    const request = peer.transport.request(closing.address, patterned(4, 1), { timeoutMs: 100 });
    await rejectsWith(boundMs, request, 'ERR_TIMEOUT', 'ERR_LINK_DOWN');
    assert.equal(heard(), before);
  });

  if (options.createAt === undefined) return;

  test('an address in use is refused', async (open) => {
    const { address } = await open();
    await rejectsWith(boundMs, open(address), 'ERR_ADDRESS_IN_USE');
  });

  test('a peer that was started anew is told from the old one', async (open) => {
    const [asker, peer] = [await open(), await open()];
    await within('a reply', boundMs, asker.transport.request(peer.address, patterned(1, 1)));
    await peer.transport.close();
    await eventually('the link goes down', boundMs, () => asker.heard('link-down') === 1);
    await open(peer.address);
    await within('a reply of the new one', boundMs, asker.transport.request(peer.address, patterned(1, 1)));
    const links = asker.events.map(({ type }) => type).filter((type) => type.startsWith('link-'));
    assert.deepEqual(links, ['link-up', 'link-down', 'link-restarted', 'link-up']);
  });
}
