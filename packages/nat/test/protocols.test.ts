import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { defaultGateway, localAddressTowards } from '../src/addresses.ts';
import { mapByPmp } from '../src/nat-pmp.ts';
import { findRouters, gatewayTypes, routerIn } from '../src/upnp/search.ts';

type Answer = (bytes: Buffer, sender: RemoteInfo, socket: Socket) => void;

async function server(answer: Answer): Promise<number> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.on('message', (bytes, sender) => {
    answer(bytes, sender, socket);
  });
  await once(socket.bind(0, '127.0.0.1'), 'listening');
  return socket.address().port;
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const request = (signal: AbortSignal = AbortSignal.timeout(10_000)) =>
  ({ internalPort: 5000, internalHost: undefined, externalPort: 6000, leaseMs: 3_600_000, signal }) as const;

/** RFC 6886 §3.2 and §3.3: the external address 9.8.7.6, and the port 6001 for 5000. */
const addressAnswer = hex('00 80 0000 00000001 09080706');
const portAnswer = hex('00 81 0000 00000001 1388 1771 00000e10');

describe('NAT-PMP', () => {
  it('asks for the address, then for the port; and takes it back with a life of 0', async () => {
    const asked: string[] = [];
    const port = await server((bytes, sender, socket) => {
      asked.push(bytes.toString('hex'));
      socket.send(bytes[1] === 0 ? addressAnswer : portAnswer, sender.port, sender.address);
    });
    const mapping = await mapByPmp('127.0.0.1', request(), port);
    expect(mapping).toMatchObject({ externalHost: '9.8.7.6', externalPort: 6001, via: 'NAT-PMP' });
    await mapping.remove(AbortSignal.timeout(10_000));
    expect(asked).toEqual([
      '0000',
      '0001000013881770 00000e10'.replace(' ', ''),
      '00010000138800000000 0000'.replace(' ', ''),
    ]);
  });

  it('asks again when nothing comes', async () => {
    let count = 0;
    const port = await server((bytes, sender, socket) => {
      if (++count % 2 === 0) socket.send(bytes[1] === 0 ? addressAnswer : portAnswer, sender.port, sender.address);
    });
    await mapByPmp('127.0.0.1', request(), port);
    expect(count).toBe(4);
  });

  it.each([
    ['one that is cut short', [hex(''), hex('00'), hex('0080'), hex('0080 0000 00000001 0908')]],
    ['one to another request', [hex('00 82 0000 00000001 09080706')]],
  ])('passes over %s, and goes on waiting', async (_what, first) => {
    const port = await server((bytes, sender, socket) => {
      for (const answer of [...first, bytes[1] === 0 ? addressAnswer : portAnswer])
        socket.send(answer, sender.port, sender.address);
    });
    expect(await mapByPmp('127.0.0.1', request(), port)).toMatchObject({ externalHost: '9.8.7.6' });
  });

  it('passes over what comes from elsewhere', async () => {
    const other = createSocket('udp4');
    onTestFinished(() => void other.close());
    const forged = Buffer.from(addressAnswer).fill(0x06, 8);
    const port = await server((bytes, sender, socket) => {
      if (bytes[1] !== 0) socket.send(portAnswer, sender.port, sender.address);
      else
        other.send(forged, sender.port, sender.address, () => {
          socket.send(addressAnswer, sender.port, sender.address);
        });
    });
    expect(await mapByPmp('127.0.0.1', request(), port)).toMatchObject({ externalHost: '9.8.7.6' });
  });

  it('says why the router refuses, or that the answer is for another port', async () => {
    const refusing = await server((_bytes, sender, socket) => {
      socket.send(hex('00 80 0002 00000001'), sender.port, sender.address);
    });
    await expect(mapByPmp('127.0.0.1', request(), refusing)).rejects.toThrow('refuses: it is not allowed to');
    const confused = await server((bytes, sender, socket) => {
      const answer = bytes[1] === 0 ? addressAnswer : hex('00 81 0000 00000001 1389 1771 00000e10');
      socket.send(answer, sender.port, sender.address);
    });
    await expect(mapByPmp('127.0.0.1', request(), confused)).rejects.toThrow('another port');
  });

  it('ends with its signal', async () => {
    const ending = new AbortController();
    const port = await server(() => {
      ending.abort();
    });
    await expect(mapByPmp('127.0.0.1', request(ending.signal), port)).rejects.toThrow('given up');
  });
});

describe('the search for routers', () => {
  const answer = (location: string, version: 1 | 2 = 2): string =>
    `HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nSt: ${gatewayTypes[version]}\r\nLocation: ${location}\r\n\r\n`;

  /** The first descriptions that are found when a router answers each question so. */
  async function found(count: number, answers: (question: string) => readonly string[]): Promise<readonly string[]> {
    const ending = new AbortController();
    const port = await server((bytes, sender, socket) => {
      for (const text of answers(bytes.toString())) socket.send(text, sender.port, sender.address);
    });
    const target = { host: '127.0.0.1', port, from: ['127.0.0.1'] };
    const paths: string[] = [];
    for await (const url of findRouters(ending.signal, target)) if (paths.push(url.pathname) === count) ending.abort();
    return paths;
  }

  it('asks for both versions, gives each description once, and ends with its signal', async () => {
    const asked = new Set<string>();
    const paths = await found(2, (question) => {
      expect(question).toMatch(/^M-SEARCH \* HTTP\/1\.1\r\nHOST: 239\.255\.255\.250:1900\r\n.*\r\n\r\n$/s);
      asked.add(/^ST: (.*)\r$/m.exec(question)?.[1] ?? '');
      return ['http://127.0.0.1:1/a', 'http://127.0.0.1:1/a', 'http://127.0.0.1:1/b'].map((location) =>
        answer(location),
      );
    });
    expect(paths).toEqual(['/a', '/b']);
    expect([...asked]).toEqual(Object.values(gatewayTypes).sort());
  });

  it('gives a router of version 2 first, though the answer for 1 came before; and both of one address once', async () => {
    const both = (path: string): readonly string[] => [answer(path, 1), answer(path, 2)];
    expect(await found(2, () => [answer('http://127.0.0.1:1/old', 1), ...both('http://127.0.0.1:1/new')])).toEqual([
      '/new',
      '/old',
    ]);
  });

  it.each([
    ['leads elsewhere', answer('http://10.0.0.9/x')],
    ['leads elsewhere by name', answer('http://router.example/x')],
    ['is not plain HTTP', answer('file:///etc/passwd')],
    ['is no address', answer('')],
    ['is of something else', answer('http://10.0.0.1/x').replace('InternetGatewayDevice:2', 'MediaServer:1')],
    ['is no answer', answer('http://10.0.0.1/x').replace('200 OK', '404 No')],
    ['is a message of no kind', 'FOO * HTTP/1.1\r\n\r\n'],
    ['is nothing', ''],
  ])('drops an answer that %s', (_what, text) => {
    expect(routerIn(text, '10.0.0.1')).toBeUndefined();
  });

  it.each([1, 2] as const)('takes an answer of version %d that leads to its sender', (version) => {
    const location = new URL('http://10.0.0.1:49152/x');
    expect(routerIn(answer(location.href, version), '10.0.0.1')).toEqual({ location, version });
  });
});

describe('addresses', () => {
  it('the own one towards another is what the system sends from', async () => {
    expect(await localAddressTowards('127.0.0.1')).toBe('127.0.0.1');
  });

  it('the default router is read from the table of routes; without one there is none', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'simpledht-route-'));
    onTestFinished(() => {
      rmSync(directory, { recursive: true });
    });
    const file = join(directory, 'route');
    const table = 'Iface\tDestination\tGateway\nlo\t0000A8C0\t00000000\neth0\t00000000\t0100A8C0\n';
    writeFileSync(file, table);
    expect(await defaultGateway(file)).toBe('192.168.0.1');
    writeFileSync(file, table.replace('0100A8C0\n', 'nonsense\n'));
    expect(await defaultGateway(file)).toBeUndefined();
    expect(await defaultGateway(join(directory, 'none'))).toBeUndefined();
  });
});
