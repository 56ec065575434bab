import type { DatagramSocket } from '@simpledht/transport';
import {
  datagramTransport,
  MemoryNetwork,
  newSecret,
  seededRandom,
  udpSocket,
  VirtualClock,
} from '@simpledht/transport';
import { afterEach, describe, expect, it } from 'vitest';
import { connect, createNode, type DHTNode } from '../../src/index.ts';
import { decodePacket } from './decoder.ts';

const running: DHTNode[] = [];

afterEach(async () => {
  for (const node of running.splice(0)) await node.stop();
});

/** A socket of which every datagram is kept as it leaves. */
function recorded(socket: DatagramSocket, seen: Buffer[]): DatagramSocket {
  const send = socket.send.bind(socket);
  socket.send = (datagram, to) => {
    seen.push(Buffer.from(datagram));
    send(datagram, to);
  };
  return socket;
}

/** Names of what there is in them; every byte of each is accounted for, in order, and its tag fits. */
function understood(packets: readonly Buffer[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const packet of packets) {
    const fields = decodePacket(packet);
    expect(fields.map(({ hex }) => hex).join('')).toBe(packet.toString('hex'));
    expect(fields.at(-1)).toMatchObject({ name: 'tag', value: 'fits' });
    for (const { name, value } of fields) if (name === 'frame' || name === 'type') found.add(String(value));
  }
  return found;
}

describe('a reader that shares no code with us', () => {
  it.each(['127.0.0.1', '::1'])('understands every byte that two nodes and a client say on %s', async (host) => {
    const seen: Buffer[] = [];
    for (let index = 0; index < 2; index++) {
      const transport = datagramTransport({
        socket: recorded(udpSocket({ host }), seen),
        settings: { loopbackDatagramBytes: 1200, receiveWindowBytes: 65_536 },
      });
      running.push(await createNode({ transport, bootstrap: running.map(({ address }) => address) }));
    }
    const [first, second] = running;
    if (first === undefined || second === undefined) throw new Error('not started');
    await second.ready();
    await first.put('small', 'value', { acks: 'all' });
    await second.put('large', new Uint8Array(300_000).fill(7), { acks: 'all' });
    const client = await connect({ host, port: first.port });
    expect(await client.get('large')).toHaveLength(300_000);
    await client.close();
    for (const node of running.splice(0).reverse()) await node.stop();
    const found = understood(seen);
    const frames = ['ack', 'request', 'reply', 'fragment of request', 'fragment of reply', 'credit', 'ping', 'close'];
    for (const type of ['hello', 'accept', ...frames]) expect(found).toContain(type);
  });

  it('understands the packets that are seldom needed', async () => {
    const clock = new VirtualClock();
    const random = seededRandom(1);
    const network = new MemoryNetwork({ clock, random, delayMs: [1, 1] });
    const seen: Buffer[] = [];
    network.onDatagram = (_from, _to, datagram) => seen.push(Buffer.from(datagram));
    const nothing = (): void => undefined;
    const open = async (address: string, settings = {}): Promise<ReturnType<typeof datagramTransport>> => {
      const transport = datagramTransport({ socket: network.socket(address), clock, random, settings });
      const onRequest = (_from: string, payload: Uint8Array, reply: (payload: Uint8Array) => void): void => {
        // A link on which a reply is awaited makes no room.
        if (payload.length > 0) reply(payload);
      };
      await transport.open({ onDatagram: nothing, onRequest, onEvent: nothing });
      return transport;
    };
    const server = await open('10.0.0.1:1', { retryAbovePending: 0, maxLinks: 1 });
    const [one, two] = [await open('10.0.0.2:1'), await open('10.0.0.3:1')];
    one.request('10.0.0.1:1', new Uint8Array(1)).catch(nothing);
    one.send('10.0.0.1:1', new Uint8Array(9));
    await clock.advance(100);
    server.request('10.0.0.2:1', new Uint8Array(0)).catch(nothing);
    await clock.advance(100);
    two.request('10.0.0.1:1', new Uint8Array(1)).catch(nothing);
    await clock.advance(100);
    network.carry('10.0.0.9:1', '10.0.0.1:1', Buffer.from(seen.find((packet) => packet[0] === 0x41) ?? expect.fail()));
    await clock.advance(100);
    for (const transport of [one, two, server]) {
      const closing = transport.close();
      await clock.advance(10);
      await closing;
    }
    const found = understood(seen);
    for (const type of ['hello', 'retry', 'accept', 'reject', 'reset', 'datagram']) expect(found).toContain(type);
  });

  it('sees of nodes with a secret their handshakes and headers, and nothing of what they hold', async () => {
    const seen: Buffer[] = [];
    const secret = newSecret();
    for (let index = 0; index < 2; index++) {
      const transport = datagramTransport({ socket: recorded(udpSocket({ host: '127.0.0.1' }), seen), secret });
      running.push(await createNode({ transport, bootstrap: running.map(({ address }) => address) }));
    }
    await running[1]?.ready();
    await running[0]?.put('the name of a key', 'and what it holds', { acks: 'all' });
    for (const node of running.splice(0).reverse()) await node.stop();
    const fields = seen.map((packet) => decodePacket(packet));
    expect(fields.map((each) => each.map(({ hex }) => hex).join(''))).toEqual(seen.map((each) => each.toString('hex')));
    for (const each of fields) {
      const type = each.find(({ name }) => name === 'type')?.value;
      const exchanged = each.find(({ name }) => name === 'length of key exchange')?.value;
      if (type === undefined) expect(each.map(({ name }) => name)).toContain('sealed frames');
      if (type === 'hello' || type === 'accept') expect(exchanged).toBe(type === 'hello' ? 53 : 65);
      expect(each.at(-1)).toMatchObject({ name: 'tag', value: type === undefined ? 'sealed' : 'fits' });
    }
    for (const text of ['the name of a key', 'and what it holds'])
      expect(Buffer.concat(seen).includes(text)).toBe(false);
  });

  it('refuses what the pages do not describe', () => {
    const packet = Buffer.from('41a1b2c3d400000000000502034077d000308070268690000000', 'hex');
    expect(() => decodePacket(Buffer.from('01'.repeat(40), 'hex'))).toThrow('not a packet');
    packet[11] = 0x07;
    expect(() => decodePacket(packet)).toThrow('frame 7 is unknown');
  });

  it('sees of a sealed packet the header alone', () => {
    const packet = Buffer.concat([Buffer.from('61a1b2c3d4000000000005', 'hex'), Buffer.alloc(40, 7)]);
    expect(decodePacket(packet).map(({ name, hex }) => [name, hex.length / 2])).toEqual([
      ['first byte', 1],
      ['connection id', 4],
      ['packet number', 6],
      ['sealed frames', 24],
      ['tag', 16],
    ]);
  });
});
