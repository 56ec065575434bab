import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import dns from 'node:dns';
import { decode, encode, RECURSION_DESIRED, type SrvData } from 'dns-packet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { udpSocket } from '@simpledht/transport';

const service = '_simpledht._udp.example.org';

/** A DNS server on loopback that knows one service. */
class Server {
  records: readonly SrvData[] = [];
  asked = 0;
  readonly #socket: Socket = createSocket('udp4');

  async start(): Promise<string> {
    this.#socket.on('message', (query, from) => {
      this.#answer(query, from);
    });
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
    return `127.0.0.1:${String(this.#socket.address().port)}`;
  }

  async stop(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  #answer(query: Buffer, { port, address }: RemoteInfo): void {
    const { id, questions = [] } = decode(query);
    this.asked += 1;
    const isKnown = questions[0]?.name === service && questions[0].type === 'SRV';
    const answers = isKnown
      ? this.records.map((data) => ({ type: 'SRV' as const, name: service, ttl: 3_600, data }))
      : [];
    const nameError = 3;
    const flags = RECURSION_DESIRED | (isKnown ? 0 : nameError);
    this.#socket.send(encode({ type: 'response', id: id ?? 0, flags, questions, answers }), port, address);
  }
}

describe('a service name, asked of a real DNS server', () => {
  const before = dns.getServers();
  let server: Server;

  beforeEach(async () => {
    server = new Server();
    dns.promises.setServers([await server.start()]);
  });

  afterEach(async () => {
    dns.promises.setServers(before);
    await server.stop();
  });

  it('is its hosts at their ports, the preferred first, asked for anew each time whatever the record says of its life', async () => {
    const socket = udpSocket({ host: '0.0.0.0' });
    server.records = [
      { priority: 20, weight: 0, port: 5003, target: '127.0.0.3' },
      { priority: 10, weight: 1, port: 5001, target: '127.0.0.1' },
      { priority: 10, weight: 9, port: 5002, target: 'localhost' },
    ];
    const found = await socket.resolve(service);
    expect(found).toEqual(['127.0.0.1:5002', '127.0.0.1:5001', '127.0.0.3:5003']);

    server.records = [{ priority: 1, weight: 1, port: 6000, target: 'localhost' }];
    expect(await socket.resolve(service)).toEqual(['127.0.0.1:6000']);
    expect(server.asked).toBe(2);
  });

  it('that is not known, or has no records any more, says so with its cause', async () => {
    const socket = udpSocket({ host: '0.0.0.0' });
    const other = '_simpledht._udp.nowhere.example.org';
    await expect(socket.resolve(other)).rejects.toMatchObject({
      code: 'ERR_INVALID_ADDRESS',
      cause: { code: 'ENOTFOUND' },
    });
    await expect(socket.resolve(service)).rejects.toMatchObject({
      code: 'ERR_INVALID_ADDRESS',
      cause: { code: 'ENODATA' },
    });
  });
});
