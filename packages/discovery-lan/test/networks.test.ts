import { describe, expect, it } from 'vitest';
import { FakeLan, idOf, type FakeMachine } from './support/fake-lan.ts';

const eth = (host: number): { name: string; ips: string[] } => ({ name: 'eth0', ips: [`10.0.0.${String(host)}`] });
const lo = { name: 'lo', ips: ['127.0.0.1', '::1'] };

async function pair(lan: FakeLan): Promise<[FakeMachine, FakeMachine]> {
  const [a, b] = [lan.machine(lo, eth(1)), lan.machine(lo, eth(2))];
  a.start(1);
  b.start(2);
  await lan.clock.advance(200);
  return [a, b];
}

describe('machines on one network', () => {
  it('find each other within 200 ms, at the address of the interface, and use no loopback', async () => {
    const lan = new FakeLan();
    const [a, b] = await pair(lan);
    expect(a.found).toMatchObject([{ id: idOf(2), address: '10.0.0.2:5000' }]);
    expect(b.found).toMatchObject([{ id: idOf(1), address: '10.0.0.1:5000' }]);
    expect(lan.sent.filter(({ network }) => network === 'lo')).toEqual([]);
    expect([a.errors, b.errors]).toEqual([[], []]);
  });

  it('with another protocol, port of multicast DNS apart, do not', async () => {
    const lan = new FakeLan();
    const [a, b] = [lan.machine(eth(1)), lan.machine(eth(2))];
    a.start(1, { protocol: 'tcp' });
    b.start(2);
    await lan.clock.advance(60_000);
    expect([a.found, b.found]).toEqual([[], []]);
  });

  it('are told again about every minute, with packets that grow with the nodes and not with their square', async () => {
    const lan = new FakeLan();
    const machines = Array.from({ length: 10 }, (_, index) => lan.machine(eth(index + 1)));
    machines.forEach((machine, index) => machine.start(index + 1));
    await lan.clock.advance(600_000);
    const before = lan.sent.length;
    const heard = machines[0]?.found.filter(({ id }) => id === idOf(2)).length ?? 0;
    await lan.clock.advance(600_000);
    // A question a minute, or a few in the same moment, and an answer of each node to each.
    expect(lan.sent.length - before).toBeLessThan(10 * 30);
    const again = (machines[0]?.found.filter(({ id }) => id === idOf(2)).length ?? 0) - heard;
    expect(again).toBeGreaterThanOrEqual(7);
    expect(again).toBeLessThanOrEqual(25);
    for (const machine of machines) expect(new Set(machine.found.map(({ id }) => id)).size).toBe(9);
  });

  it('who stops is taken back, and is not told to who looks later', async () => {
    const lan = new FakeLan();
    const [a, b] = await pair(lan);
    const stopped = a.discovery?.stop();
    await lan.clock.advance(1);
    await stopped;
    const heard = b.found.length;
    const late = lan.machine(eth(3));
    late.start(3);
    await lan.clock.advance(300_000);
    expect(late.addresses).toEqual(['10.0.0.2:5000']);
    expect(b.found.slice(heard).some(({ id }) => id === idOf(1))).toBe(false);
    expect(lan.sockets.size).toBe(2);
  });
});

it('a node that stopped and is started again is told at once', async () => {
  const lan = new FakeLan();
  const [a, b] = await pair(lan);
  await lan.clock.advance(2000);
  const stopped = a.discovery?.stop();
  await lan.clock.advance(1);
  await stopped;
  const seen = b.found.length;
  a.start(1);
  await lan.clock.advance(500);
  expect(b.found.slice(seen).map(({ address }) => address)).toEqual(['10.0.0.1:5000']);
});

describe('interfaces', () => {
  it('come and go: one that comes is used within the time of a look, one that goes is closed', async () => {
    const lan = new FakeLan();
    const a = lan.machine(lo);
    const b = lan.machine(eth(2));
    a.start(1);
    b.start(2);
    await lan.clock.advance(10_000);
    expect(lan.sent.some(({ network }) => network === 'lo')).toBe(true);
    expect([a.found, b.found]).toEqual([[], []]);

    a.interfaces = [lo, eth(1)];
    await lan.clock.advance(5200);
    expect([a.addresses, b.addresses]).toEqual([['10.0.0.2:5000'], ['10.0.0.1:5000']]);

    a.interfaces = [lo];
    await lan.clock.advance(5200);
    const sent = lan.sent.length;
    await lan.clock.advance(120_000);
    expect(lan.sent.slice(sent).some(({ from }) => from === '10.0.0.1')).toBe(false);
    expect(a.errors.filter(({ message }) => !message.includes('ENETUNREACH'))).toEqual([]);

    const seen = b.found.length;
    a.interfaces = [lo, eth(1)];
    await lan.clock.advance(5200);
    expect(b.found.slice(seen).map(({ address }) => address)).toContain('10.0.0.1:5000');
    expect(lan.sockets.size).toBe(2);
  });

  it('an address that changes is announced anew', async () => {
    const lan = new FakeLan();
    const [a, b] = await pair(lan);
    a.interfaces = [lo, eth(7)];
    await lan.clock.advance(30_000);
    expect(b.addresses).toEqual(['10.0.0.1:5000', '10.0.0.7:5000']);
  });

  it('a node on two networks is told on each with its address there, one after the other', async () => {
    const lan = new FakeLan();
    const wifi = (host: number): { name: string; ips: string[] } => ({
      name: 'wlan0',
      ips: [`10.1.0.${String(host)}`],
    });
    const [a, b] = [lan.machine(eth(1), wifi(1)), lan.machine(eth(2), wifi(2))];
    a.start(1);
    b.start(2);
    await lan.clock.advance(900);
    expect(b.found).toHaveLength(1);
    await lan.clock.advance(5000);
    expect(b.addresses).toEqual(['10.0.0.1:5000', '10.1.0.1:5000']);
  });

  it.each<[string, string, readonly string[], readonly string[]]>([
    ['all of IPv4', '0.0.0.0:5000', [], ['10.0.0.1:5000', '10.1.0.1:5000']],
    ['one address', '10.1.0.1:5000', [], ['10.1.0.1:5000']],
    ['loopback', '127.0.0.1:5000', [], ['127.0.0.1:5000']],
    ['one interface of those that are named', '0.0.0.0:5000', ['wlan0'], ['10.1.0.1:5000']],
    ['loopback when it is named', '0.0.0.0:5000', ['lo'], ['127.0.0.1:5000']],
    ['an interface that is not there', '0.0.0.0:5000', ['eth9'], []],
    ['an address that is not there', '10.9.9.9:5000', [], []],
  ])('a node that listens on %s is found there only', async (_what, address, interfaces, found) => {
    const lan = new FakeLan();
    const all = [lo, eth(1), { name: 'wlan0', ips: ['10.1.0.1'] }];
    const [a, near] = [lan.machine(...all), lan.machine(...all)];
    a.start(1, { address, ...(interfaces.length > 0 && { interfaces }) });
    near.start(2, { interfaces: ['lo', 'eth0', 'wlan0'] });
    const onLoopback = lan.machine(lo);
    onLoopback.start(3);
    await lan.clock.advance(200_000);
    const heard = [...near.found, ...onLoopback.found].filter(({ id }) => id === idOf(1));
    expect([...new Set(heard.map((one) => one.address))].sort()).toEqual(found);
  });

  it('are as many as are bounded; the rest is counted', async () => {
    const lan = new FakeLan();
    const many = Array.from({ length: 40 }, (_, index) => ({
      name: `br${String(index)}`,
      ips: [`10.${String(index)}.0.1`],
    }));
    const a = lan.machine(...many);
    a.start(1);
    await lan.clock.advance(1000);
    expect(lan.sockets.size).toBe(16);
    expect(a.discovery?.counters).toMatchObject({ interfacesUp: 16, interfacesTooMany: 24 });
  });
});

describe('IPv6', () => {
  const six = (host: number): { name: string; ips: string[] } => ({
    name: 'eth0',
    ips: [`fe80::${String(host)}`, `fd00::${String(host)}`],
  });

  it('alone: nodes that listen on :: find each other with an address that means something', async () => {
    const lan = new FakeLan();
    const [a, b] = [lan.machine(six(1)), lan.machine(six(2))];
    a.start(1, { address: '[::]:5000' });
    b.start(2, { address: '[::]:5001' });
    await lan.clock.advance(200);
    expect([a.addresses, b.addresses]).toEqual([['[fd00::2]:5001'], ['[fd00::1]:5000']]);
  });

  it('beside IPv4: both addresses are told in turn, and who listens on IPv4 alone is told that one', async () => {
    const lan = new FakeLan();
    const both = (host: number): { name: string; ips: string[] } => ({
      name: 'eth0',
      ips: [...eth(host).ips, ...six(host).ips],
    });
    const [a, b, four] = [lan.machine(both(1)), lan.machine(both(2)), lan.machine(both(3))];
    a.start(1, { address: '[::]:5000' });
    b.start(2, { address: '[::]:5000' });
    four.start(3, { address: '0.0.0.0:5000' });
    await lan.clock.advance(200_000);
    expect(a.addresses).toEqual(['10.0.0.2:5000', '10.0.0.3:5000', '[fd00::2]:5000']);
    expect(four.addresses).toEqual(['10.0.0.1:5000', '10.0.0.2:5000']);
  });

  it('an address of the link alone is not announced', async () => {
    const lan = new FakeLan();
    const a = lan.machine({ name: 'eth0', ips: ['fe80::1'] });
    a.start(1, { address: '[::]:5000' });
    await lan.clock.advance(10_000);
    expect([lan.sent, a.errors]).toEqual([[], []]);
  });
});
