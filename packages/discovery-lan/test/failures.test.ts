import { SimpleDHTError } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { FakeLan, type FakeMachine } from './support/fake-lan.ts';

const eth = (host: number): { name: string; ips: string[] } => ({ name: 'eth0', ips: [`10.0.0.${String(host)}`] });

/** One machine that works, and one on which something is broken from the start. */
function machines(lan: FakeLan): [good: FakeMachine, bad: FakeMachine] {
  const [good, bad] = [lan.machine(eth(1)), lan.machine(eth(2))];
  good.start(1);
  return [good, bad];
}

describe.each([
  'interfaces',
  'createSocket',
  'bind',
  'addMembership',
  'setMulticastInterface',
  'setMulticastTTL',
  'setMulticastLoopback',
  'unref',
  'send',
] as const)('when %s fails', (method) => {
  it('nothing is thrown, one error tells of it, and it works as soon as that works', async () => {
    const lan = new FakeLan();
    const [good, bad] = machines(lan);
    bad.broken.add(method);
    bad.start(2);
    await lan.clock.advance(59_000);
    expect(bad.errors.map(({ message }) => message)).toEqual([
      method === 'interfaces'
        ? 'Discovery cannot see the network interfaces: interfaces is broken'
        : `Discovery does not work on eth0 (IPv4) now: ${method} is broken`,
    ]);
    expect(bad.errors.every((error) => SimpleDHTError.is(error, 'ERR_DISCOVERY'))).toBe(true);
    // What failed is closed each time.
    expect(lan.sockets.size).toBe(1);

    bad.broken.clear();
    await lan.clock.advance(10_000);
    expect([good.addresses, bad.addresses]).toEqual([['10.0.0.2:5000'], ['10.0.0.1:5000']]);

    // The same trouble after it worked is told again.
    bad.broken.add(method);
    for (const socket of lan.sockets) socket.fail(new Error('the network is gone'));
    await lan.clock.advance(30_000);
    expect(bad.errors.length).toBeGreaterThan(1);
    bad.broken.clear();
    await lan.clock.advance(10_000);
    const stopped = bad.discovery?.stop();
    await lan.clock.advance(1000);
    await stopped;
    expect(lan.sockets.size).toBe(1);
  });
});

it('a socket that fails is replaced at the next look', async () => {
  const lan = new FakeLan();
  const [good, bad] = machines(lan);
  bad.start(2);
  await lan.clock.advance(1000);
  for (const socket of lan.sockets) socket.fail(new Error('ENOBUFS'));
  const seen = good.found.length;
  await lan.clock.advance(30_000);
  expect(bad.errors.map(({ message }) => message)).toEqual(['Discovery does not work on eth0 (IPv4) now: ENOBUFS']);
  expect(lan.sockets.size).toBe(2);
  expect(good.found.length).toBeGreaterThan(seen);
  expect(bad.discovery?.counters).toMatchObject({ interfacesUp: 2, interfacesFailed: 1 });
});

it('a socket that cannot be closed holds nothing up', async () => {
  const lan = new FakeLan();
  const [, bad] = machines(lan);
  bad.start(2);
  await lan.clock.advance(1000);
  bad.broken.add('close');
  const stopped = bad.discovery?.stop();
  await lan.clock.advance(1000);
  await stopped;
});

it('no network at all: nothing is told, and it begins when there is one', async () => {
  const lan = new FakeLan();
  const [good, bad] = machines(lan);
  bad.interfaces = [];
  bad.start(2);
  await lan.clock.advance(600_000);
  expect(bad.errors).toEqual([]);
  bad.interfaces = [eth(2)];
  await lan.clock.advance(5200);
  expect([good.addresses, bad.addresses]).toEqual([['10.0.0.2:5000'], ['10.0.0.1:5000']]);
});

it('an address that is none of IP is told once, and nothing is announced', async () => {
  const lan = new FakeLan();
  const one = lan.machine(eth(1));
  one.start(1, { address: 'nats.subject.7' });
  await lan.clock.advance(60_000);
  expect(one.errors.map(({ message }) => message)).toEqual(['Discovery cannot announce nats.subject.7']);
  expect(lan.sent).toEqual([]);
});

it('handlers that throw are counted', async () => {
  const lan = new FakeLan();
  const [, bad] = machines(lan);
  bad.start(2, {
    onFound: () => {
      throw new Error('a handler threw');
    },
  });
  await lan.clock.advance(1000);
  expect(bad.discovery?.counters).toMatchObject({ found: 1, handlerErrors: 1 });
});

it('stop before anything has happened opens nothing', async () => {
  const lan = new FakeLan();
  const one = lan.machine(eth(1));
  const stopped = one.start(1).stop();
  await lan.clock.advance(10_000);
  await stopped;
  expect([lan.sent, lan.sockets.size]).toEqual([[], 0]);
});
