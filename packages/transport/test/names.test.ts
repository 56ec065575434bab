import { describe, expect, it } from 'vitest';
import { udpSocket, type DatagramSocket, type NameResolver } from '@simpledht/transport';

/** Answers from tables, which a test may change between two questions. */
class Tables implements NameResolver {
  readonly hosts = new Map<string, readonly string[]>();
  readonly srv = new Map<string, readonly { readonly host: string; readonly port: number }[]>();
  readonly asked: unknown[] = [];

  addresses(host: string, version: 0 | 4 | 6): Promise<readonly string[]> {
    this.asked.push([host, version]);
    const found = this.hosts.get(host);
    return found === undefined ? Promise.reject(new Error(`ENOTFOUND ${host}`)) : Promise.resolve(found);
  }

  services(name: string): ReturnType<NameResolver['services']> {
    const found = this.srv.get(name);
    return found === undefined ? Promise.reject(new Error(`ENODATA ${name}`)) : Promise.resolve(found);
  }
}

function socketOf(host: string): { readonly socket: DatagramSocket; readonly names: Tables } {
  const names = new Tables();
  return { socket: udpSocket({ host, resolver: names }), names };
}

const service = '_simpledht._udp.example.org';

describe('a host name', () => {
  it('is all of its addresses, A and AAAA, that the socket reaches, each once', async () => {
    for (const [host, version, reached] of [
      ['0.0.0.0', 4, ['192.0.2.1:5000', '192.0.2.2:5000']],
      ['::', 0, ['192.0.2.1:5000', '[2001:db8::1]:5000', '192.0.2.2:5000']],
    ] as const) {
      const { socket, names } = socketOf(host);
      names.hosts.set('seed.example', ['192.0.2.1', '2001:db8:0::1', '192.0.2.2', '192.0.2.1']);
      expect(await socket.resolve('seed.example:5000')).toEqual(reached);
      expect(names.asked).toEqual([['seed.example', version]]);
    }
  });

  it('is asked for anew each time', async () => {
    const { socket, names } = socketOf('0.0.0.0');
    names.hosts.set('seed.example', ['192.0.2.1']);
    await socket.resolve('seed.example:5000');
    names.hosts.set('seed.example', ['192.0.2.9']);
    expect(await socket.resolve('seed.example:5000')).toEqual(['192.0.2.9:5000']);
  });
});

describe('a service name (SRV, RFC 2782)', () => {
  it('is the addresses of all its hosts, each at its port, in their order', async () => {
    const { socket, names } = socketOf('0.0.0.0');
    names.srv.set(service, [
      { host: 'b.example', port: 5001 },
      { host: 'a.example', port: 5000 },
      { host: '192.0.2.7', port: 7 },
    ]);
    names.hosts.set('a.example', ['192.0.2.1']).set('b.example', ['192.0.2.2', '192.0.2.3']);
    expect(await socket.resolve(service)).toEqual([
      '192.0.2.2:5001',
      '192.0.2.3:5001',
      '192.0.2.1:5000',
      '192.0.2.7:7',
    ]);
  });

  it('is what is known of it while one of its hosts is not', async () => {
    const { socket, names } = socketOf('0.0.0.0');
    names.srv.set(service, [
      { host: 'gone.example', port: 5000 },
      { host: 'a.example', port: 5000 },
    ]);
    names.hosts.set('a.example', ['192.0.2.1']);
    expect(await socket.resolve(service)).toEqual(['192.0.2.1:5000']);
    names.hosts.clear();
    await expect(socket.resolve(service)).rejects.toMatchObject({
      code: 'ERR_INVALID_ADDRESS',
      message: `Cannot resolve ${service}`,
      cause: new Error('ENOTFOUND gone.example'),
    });
  });

  it.each([[[]], [[{ host: '.', port: 0 }]], [[{ host: '.', port: 5000 }]], [undefined]])(
    'that is not offered, %j, does not resolve now',
    async (records) => {
      const { socket, names } = socketOf('0.0.0.0');
      if (records !== undefined) names.srv.set(service, records);
      const error: unknown = await socket.resolve(service).catch((cause: unknown) => cause);
      // With a cause: who bootstraps tries again, as it may be offered later.
      expect(error).toMatchObject({ code: 'ERR_INVALID_ADDRESS', message: `Cannot resolve ${service}` });
      expect((error as Error).cause).toBeInstanceOf(Error);
      expect(names.asked).toEqual([]);
    },
  );

  it('leads to sixteen hosts at the most', async () => {
    const { socket, names } = socketOf('0.0.0.0');
    names.srv.set(
      service,
      Array.from({ length: 40 }, (_, index) => ({ host: `10.0.0.${String(index)}`, port: 1 })),
    );
    expect(await socket.resolve(service)).toHaveLength(16);
  });

  it.each(['_simpledht.example.org', '_simpledht._udp', '_simpledht._sctp.example.org', 'example.org'])(
    'is not %j',
    async (text) => {
      await expect(socketOf('0.0.0.0').socket.resolve(text)).rejects.toThrow('Expected format: HOST:PORT');
    },
  );
});
