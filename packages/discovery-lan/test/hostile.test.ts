import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Acquaintances } from '../src/core/acquaintances.ts';
import { Conversation } from '../src/core/conversation.ts';
import { SourceLimits } from '../src/core/rate-limit.ts';
import { answers, readAnnouncements } from '../src/core/records.ts';
import { checkedSettings, defaultLanSettings } from '../src/core/settings.ts';
import { lanDiscovery, type LanSettings } from '../src/index.ts';
import { encode } from './support/encode.ts';
import { FakeLan, idOf, type FakeMachine } from './support/fake-lan.ts';

const service = '_simpledht._udp.local';
const tag = 'aaaaaaaaaaaaaaaa';
const eth = (host: number): { name: string; ips: string[] } => ({ name: 'eth0', ips: [`10.0.0.${String(host)}`] });

async function victim(
  settings: Partial<LanSettings> = {},
): Promise<[FakeLan, FakeMachine, () => Readonly<Record<string, number>>]> {
  const lan = new FakeLan();
  const machine = lan.machine(eth(1));
  const discovery = machine.start(1, { settings });
  await lan.clock.advance(10_000);
  return [lan, machine, () => discovery.counters];
}

/** What a node at that address would say. */
function announcement(index: number, ip: string, changed: { port?: number; tags?: string[] } = {}): Buffer {
  const { port = 5000, tags = [tag] } = changed;
  return encode('response', answers(service, { id: idOf(index), tags, port, addresses: [ip], ttlMs: 120_000 }));
}

describe('somebody hostile on the network', () => {
  it('leads nobody elsewhere: packets and addresses from outside of the network are dropped', async () => {
    const [lan, machine, counters] = await victim();
    lan.multicast('eth0', '192.168.7.7', announcement(2, '10.0.0.2'));
    await lan.clock.advance(1);
    expect(counters()).toMatchObject({ 'dropped.notNear': 1 });
    for (const ip of ['203.0.113.5', '127.0.0.1', '0.0.0.0', '::1', 'fd00::1', '10.0.1.2'])
      lan.multicast('eth0', '10.0.0.2', announcement(3, ip));
    await lan.clock.advance(1);
    expect(counters()).toMatchObject({ 'dropped.notNear': 7 });
    expect(machine.found).toEqual([]);
    lan.multicast('eth0', '10.0.0.2', announcement(4, '10.0.0.2'));
    await lan.clock.advance(1);
    expect(machine.addresses).toEqual(['10.0.0.2:5000']);
  });

  it('of another cluster is ignored and counted, whatever tags it shows', async () => {
    const [lan, machine, counters] = await victim();
    for (const tags of [
      ['bbbbbbbbbbbbbbbb'],
      [],
      ['AAAAAAAAAAAAAAAA'],
      ['aaaa'],
      Array<string>(9).fill('cccccccccccccccc'),
    ])
      lan.multicast('eth0', '10.0.0.2', announcement(2, '10.0.0.2', { tags }));
    await lan.clock.advance(1);
    expect(counters()).toMatchObject({ 'dropped.otherCluster': 5, found: 0 });
    expect(machine.found).toEqual([]);
  });

  it('cannot make it say more than one answer a second', async () => {
    const [lan] = await victim();
    const before = lan.sent.length;
    const question = encode('query', { questions: [{ name: service, type: 'PTR' }] });
    for (let at = 0; at < 10_000; at += 20) {
      lan.multicast('eth0', '10.0.0.2', question);
      await lan.clock.advance(20);
    }
    const said = lan.sent.slice(before).filter(({ from }) => from === '10.0.0.1');
    expect(said.length).toBeGreaterThanOrEqual(9);
    expect(said.length).toBeLessThanOrEqual(11);
  });

  it('who floods is read a hundred times at once and fifty times a second, and the others go on', async () => {
    const [lan, machine, counters] = await victim();
    const read = counters()['packetsRead'] ?? 0;
    for (let index = 0; index < 5000; index++)
      lan.multicast('eth0', '10.0.0.66', announcement(index + 10, '10.0.0.66'));
    await lan.clock.advance(1);
    expect((counters()['packetsRead'] ?? 0) - read).toBe(100);
    expect(counters()).toMatchObject({ 'dropped.sourceRate': 4900 });
    // It has used up what may be told at once, and no more than that.
    expect(machine.found).toHaveLength(32);
    lan.multicast('eth0', '10.0.0.2', announcement(2, '10.0.0.2'));
    await lan.clock.advance(2000);
    lan.multicast('eth0', '10.0.0.2', announcement(2, '10.0.0.2'));
    await lan.clock.advance(21_000);
    lan.multicast('eth0', '10.0.0.2', announcement(2, '10.0.0.2'));
    await lan.clock.advance(1);
    expect(machine.addresses).toContain('10.0.0.2:5000');
  });

  it('of many addresses: all together are read four hundred times at once', async () => {
    const [lan, , counters] = await victim();
    const read = counters()['packetsRead'] ?? 0;
    for (let index = 0; index < 5000; index++)
      lan.multicast('eth0', `10.0.0.${String(2 + (index % 250))}`, Buffer.from('noise'));
    await lan.clock.advance(1);
    expect((counters()['packetsRead'] ?? 0) - read).toBe(400);
    expect(counters()).toMatchObject({ 'dropped.rate': 4600, 'dropped.malformed': 400 });
  });

  it('long packets, and packets with many announcements, are cut short', async () => {
    const [short, , dropped] = await victim();
    short.multicast('eth0', '10.0.0.2', Buffer.alloc(1501));
    await short.clock.advance(1);
    expect(dropped()).toMatchObject({ 'dropped.tooLong': 1, 'dropped.malformed': 0 });
    const [lan, machine, counters] = await victim({ maxPacketBytes: 9000 });
    const own = counters()['announcementsRead'] ?? 0;
    const many = Array.from({ length: 10 }, (_, index) => ({
      name: `${idOf(index + 2)}.${service}`,
      type: 'SRV',
      ttl: 120,
      data: { port: 1, target: 'x.local' },
    }));
    const texts = many.map(({ name }) => ({ name, type: 'TXT', ttl: 120, data: ['v=1', `tags=${tag}`] }));
    const one = { name: 'x.local', type: 'A', ttl: 120, data: '10.0.0.2' };
    lan.multicast('eth0', '10.0.0.2', encode('response', { answers: [...many, ...texts, one] }));
    await lan.clock.advance(1);
    expect((counters()['announcementsRead'] ?? 0) - own).toBe(8);
    expect(machine.found).toHaveLength(8);
  });

  it('that plays this node is ignored', async () => {
    const [lan, machine, counters] = await victim();
    const own = counters()['dropped.own'] ?? 0;
    lan.multicast('eth0', '10.0.0.2', announcement(1, '10.0.0.2'));
    await lan.clock.advance(1);
    expect(counters()['dropped.own']).toBe(own + 1);
    expect(machine.found).toEqual([]);
  });

  it('bytes of all kinds throw nothing', async () => {
    const [lan, machine, counters] = await victim();
    const good = announcement(2, '10.0.0.2');
    const mutated = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
      .map((changes) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    const anything = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    const packets = fc.sample(fc.oneof(mutated, anything), { numRuns: 4000, seed: 5 });
    for (const [index, packet] of packets.entries()) {
      lan.multicast('eth0', `10.0.0.${String(2 + (index % 200))}`, packet);
      if (index % 100 === 0) await lan.clock.advance(1000);
    }
    await lan.clock.advance(1000);
    expect(counters()['dropped.malformed']).toBeGreaterThan(100);
    expect(machine.errors).toEqual([]);
    expect(counters()).toMatchObject({ handlerErrors: 0, interfacesFailed: 0 });
  });
});

describe('questions', () => {
  it('that list this node already are not answered', async () => {
    const [lan] = await victim();
    const ask = async (ttl: number): Promise<number> => {
      const known = { name: service, type: 'PTR', ttl, data: `${idOf(1)}.${service}` };
      const before = lan.sent.length;
      lan.multicast(
        'eth0',
        '10.0.0.2',
        encode('query', { questions: [{ name: service, type: 'PTR' }], answers: [known] }),
      );
      await lan.clock.advance(200);
      return lan.sent.length - before - 1;
    };
    expect(await ask(60)).toBe(0);
    expect(await ask(59)).toBe(1);
  });

  it('for something else are not answered', async () => {
    const [lan] = await victim();
    const before = lan.sent.length;
    for (const [name, type] of [
      ['_http._tcp.local', 'PTR'],
      [service, 'A'],
      ['_simpledht._tcp.local', 'PTR'],
    ])
      lan.multicast('eth0', '10.0.0.2', encode('query', { questions: [{ name, type }] }));
    await lan.clock.advance(1000);
    expect(lan.sent.length - before).toBe(3);
  });

  it('of others put off the own ones, but not for ever', () => {
    const conversation = new Conversation(defaultLanSettings, () => 0.5, 0);
    const queriesMs: number[] = [];
    for (let nowMs = 0; nowMs < 3_600_000; nowMs += 500) {
      if (conversation.take(nowMs).includes('query')) queriesMs.push(nowMs);
      conversation.asked(nowMs);
    }
    expect(queriesMs.length).toBeGreaterThanOrEqual(1);
    expect(queriesMs.length).toBeLessThanOrEqual(3);
  });

  it('are further and further apart, up to a minute', () => {
    const conversation = new Conversation(defaultLanSettings, () => 0.5, 0);
    const queriesMs: number[] = [];
    for (let nowMs = 0; nowMs < 300_000; nowMs += 10)
      if (conversation.take(nowMs).includes('query')) queriesMs.push(nowMs);
    const pausesS = queriesMs.slice(1).map((atMs, index) => Math.round((atMs - (queriesMs[index] ?? 0)) / 1000));
    expect(pausesS.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  });
});

describe('tables', () => {
  it('remember as many nodes as they may, and forget the one that was not heard of for longest', () => {
    const table = new Acquaintances({ ...defaultLanSettings, maxNodes: 10 });
    const hear = (index: number, nowMs: number): string | undefined =>
      table.hear(String(index), { addresses: [`${String(index)}:1`], ttlMs: 120_000 }, nowMs);
    for (let index = 0; index < 1000; index++) {
      expect(hear(index, 1)).toBe(`${String(index)}:1`);
      hear(0, 2);
    }
    expect([table.size, table.evicted]).toEqual([10, 990]);
    expect(hear(0, 3)).toBeUndefined();
  });

  it('remember as many addresses of a node as they may, and none that has expired', () => {
    const settings = { ...defaultLanSettings, maxAddresses: 2 };
    const table = new Acquaintances(settings);
    const told: (string | undefined)[] = [];
    for (let index = 0; index < 5; index++)
      told.push(table.hear('a', { addresses: ['1', '2', '3'], ttlMs: 120_000 }, index * 20_000));
    expect(told).toEqual(['2', '3', '2', '3', '2']);
    const late = table.hear('a', { addresses: ['4'], ttlMs: 120_000 }, 1_000_000);
    expect(late).toBe('4');
    expect(table.hear('a', { addresses: [], ttlMs: 0 }, 1_000_001)).toBeUndefined();
    expect(table.size).toBe(0);
  });

  it('tell as many senders apart as they may; the rest shares one', () => {
    const limits = new SourceLimits({ perSecond: 1, burst: 2, maxSources: 3 });
    for (const source of ['a', 'b', 'c']) expect(limits.take(source, 0)).toBe(true);
    const others = ['d', 'e', 'f', 'g'].map((source) => limits.take(source, 0));
    expect([others, limits.size]).toEqual([[true, true, false, false], 3]);
    expect(limits.take('h', 10_000)).toBe(true);
    expect(limits.size).toBe(1);
  });

  it('what is no announcement is counted as such', () => {
    const read = (changed: object): number => {
      const srv = { name: `${idOf(2)}.${service}`, type: 'SRV', ttl: 1, data: { port: 1, target: 'x' }, ...changed };
      const txt = { name: srv.name, type: 'TXT', data: ['v=1', 'tags='] };
      return readAnnouncements(service, { answers: [srv, txt] }, 8).malformed;
    };
    expect(read({})).toBe(0);
    for (const changed of [
      { name: `x.${service}` },
      { data: null },
      { data: { port: 0, target: 'x' } },
      { data: { port: 65_536, target: 'x' } },
      { data: { port: '1', target: 'x' } },
    ])
      expect(read(changed)).toBe(1);
  });
});

describe('settings', () => {
  it.each([
    ['maxNodes', 0],
    ['port', 65_536],
    ['port', 0],
    ['queryMs', -1],
    ['ttlMs', NaN],
    ['reofferMs', 1.5],
  ])('%s cannot be %s', (name, value) => {
    expect(() => checkedSettings({ [name]: value })).toThrow(name);
    expect(() => lanDiscovery({ settings: { [name]: value } })).toThrow(name);
  });
});
