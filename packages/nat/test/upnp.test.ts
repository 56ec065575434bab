import { describe, expect, it } from 'vitest';
import type { Mapping, MappingRequest } from '../src/index.ts';
import { mapAt } from '../src/upnp/router.ts';
import { descriptionOf, FakeIgd, type FakeConnection } from './support/igd.ts';

const here = '127.0.0.1';
const other = '127.0.0.9';
const ip1 = { type: 'WANIPConnection:1', address: '9.9.9.9' } as const;
const ip2 = { type: 'WANIPConnection:2', address: '9.9.9.9' } as const;
const ppp = { type: 'WANPPPConnection:1', address: '8.8.8.8' } as const;

const signal = new AbortController().signal;

function map(igd: FakeIgd, request: Partial<MappingRequest> = {}): Promise<Mapping> {
  const wish = { internalPort: 5000, internalHost: undefined, externalPort: 6000, leaseMs: 3_600_000, signal };
  return mapAt(igd.location, { ...wish, ...request }, signal);
}

describe('a router', () => {
  it.each([
    ['of version 2', ip2, ['AddAnyPortMapping 6000 3600']],
    ['of version 1', ip1, ['GetSpecificPortMappingEntry 6000', 'AddPortMapping 6000 3600']],
    ['that knows only PPP', ppp, ['GetSpecificPortMappingEntry 6000', 'AddPortMapping 6000 3600']],
  ] as const)('%s gives a mapping, and takes it back', async (_what, connection, calls) => {
    const igd = await FakeIgd.start(connection);
    const mapping = await map(igd);
    expect(mapping).toMatchObject({ externalHost: connection.address, externalPort: 6000, via: 'UPnP' });
    expect(igd.actions).toEqual(['GetExternalIPAddress', ...calls]);
    expect([...igd.held]).toEqual([[6000, { host: here, port: 5000, leaseSeconds: 3600 }]]);
    await mapping.remove(signal);
    expect(igd.held.size).toBe(0);
  });

  it('of version 2 finds another port by itself, or is asked as one of version 1 when it cannot', async () => {
    const igd = await FakeIgd.start(ip2);
    igd.held.set(6000, { host: other, port: 5000 });
    expect(await map(igd)).toMatchObject({ externalPort: 7000 });
    igd.refuse = (action) => (action === 'AddAnyPortMapping' ? 401 : undefined);
    expect(await map(igd)).toMatchObject({ externalPort: 5000 });
  });

  it.each(['', '0', '65536', 'x'])('that gives the port "%s" is not believed', async (port) => {
    const igd = await FakeIgd.start(ip2);
    igd.intercept = ({ headers }, response) => {
      if (!String(headers['soapaction']).includes('AddAny')) return false;
      response.end(`<Body><NewReservedPort>${port}</NewReservedPort></Body>`);
      return true;
    };
    await expect(map(igd)).rejects.toThrow('does not tell which port');
  });
});

describe('of two connections', () => {
  const up = { status: 'Connected' } as const;
  const down = { status: 'Disconnected' } as const;

  it.each<[string, FakeConnection, FakeConnection, string]>([
    ['the one with an address', { ...ip1, ...up, address: '' }, { ...ppp, ...up }, ppp.address],
    ['the one with an address other than 0.0.0.0', { ...ip1, ...up, address: '0.0.0.0' }, ppp, ppp.address],
    ['the connected one', { ...ip1, ...down }, { ...ppp, ...up }, ppp.address],
    [
      'the connected one, even if its address is private',
      { ...ip1, ...down },
      { ...ppp, ...up, address: '10.0.0.1' },
      '10.0.0.1',
    ],
    ['the one with a public address', { ...ip1, ...up, address: '10.0.0.1' }, { ...ppp, ...up }, ppp.address],
    ['the one with a public address when neither tells its state', { ...ip1, address: '10.0.0.1' }, ppp, ppp.address],
    ['IP, when nothing speaks for the other', { ...ppp, ...up }, { ...ip1, ...up }, ip1.address],
    ['version 2', { ...ip1, ...up }, { ...ip2, ...up, address: '7.7.7.7' }, '7.7.7.7'],
  ])('it takes %s', async (_what, first, second, address) => {
    const igd = await FakeIgd.start(first, second);
    const mapping = await map(igd);
    expect(mapping.externalHost).toBe(address);
    // The mapping is made where the address was told, and taken back there.
    await mapping.remove(signal);
    const [type] = [first, second].filter((one) => one.address === address).map((one) => one.type);
    expect(
      igd.calls.filter((call) => call.includes('PortMapping')).every((call) => call.startsWith(`${String(type)} `)),
    ).toBe(true);
  });

  it('none is taken when none has an address, and nothing is mapped', async () => {
    const igd = await FakeIgd.start({ ...ip1, address: '' }, { ...ppp, address: '0.0.0.0' });
    await expect(map(igd)).rejects.toThrow('not connected');
    expect(igd.held.size).toBe(0);
  });
});

describe('version 1, when somebody has the port', () => {
  it('gives the port of the machine itself, or one that follows', async () => {
    const igd = await FakeIgd.start(ip1);
    igd.held.set(6000, { host: other, port: 5000 });
    expect((await map(igd)).externalPort).toBe(5000);
    igd.held.set(5000, { host: other, port: 5000 });
    expect((await map(igd)).externalPort).toBe(6001);
  });

  it('does not take it from another program of this machine', async () => {
    const igd = await FakeIgd.start(ip1);
    const held = { host: here, port: 4000 };
    igd.held.set(6000, held);
    expect((await map(igd)).externalPort).toBe(5000);
    expect(igd.held.get(6000)).toBe(held);
  });

  it.each([718, 729, 501])('goes by the refusal (%d) of a router that does not tell who', async (code) => {
    const igd = await FakeIgd.start(ip1);
    igd.refuse = (action, fields) => {
      if (action === 'GetSpecificPortMappingEntry') return 606;
      return action === 'AddPortMapping' && fields['NewExternalPort'] !== '6002' ? code : undefined;
    };
    expect((await map(igd)).externalPort).toBe(6002);
  });

  it('ends after 8 ports, from 1024 to 65535', async () => {
    const igd = await FakeIgd.start(ip1);
    igd.refuse = (action) => (action === 'GetExternalIPAddress' ? undefined : 718);
    await expect(map(igd, { externalPort: 65_534 })).rejects.toThrow(
      'AddPortMapping: another machine has the port (718)',
    );
    const tried = igd.actions
      .filter((action) => action.startsWith('AddPort'))
      .map((action) => Number(action.split(' ')[1]));
    expect(tried).toEqual([65_534, 5000, 65_535, 1024, 1025, 1026, 1027, 1028]);
  });

  it('ends at once when the router refuses for another reason, told without words of its own', async () => {
    const igd = await FakeIgd.start(ip1);
    igd.refuse = (action) => (action === 'AddPortMapping' ? 606 : undefined);
    await expect(map(igd)).rejects.toThrow(/^it refuses AddPortMapping: it is not allowed to \(606\)$/);
    expect(igd.actions).toHaveLength(3);
  });
});

describe('a renewal', () => {
  it.each([ip1, ip2, ppp])('of what is ours is no conflict: $type', async (connection) => {
    const igd = await FakeIgd.start(connection);
    const first = await map(igd);
    const again = await map(igd, { externalPort: first.externalPort, leaseMs: 7_200_000 });
    expect(again.externalPort).toBe(6000);
    expect([...igd.held]).toEqual([[6000, { host: here, port: 5000, leaseSeconds: 7200 }]]);
  });

  it('is made anew on a router that refuses to write over what it has', async () => {
    const igd = await FakeIgd.start(ip1);
    igd.refuse = (action, fields) =>
      action === 'AddPortMapping' && igd.held.has(Number(fields['NewExternalPort'])) ? 718 : undefined;
    await map(igd);
    expect((await map(igd, { leaseMs: 7_200_000 })).externalPort).toBe(6000);
    expect([...igd.held]).toEqual([[6000, { host: here, port: 5000, leaseSeconds: 7200 }]]);
  });

  it.each([
    [725, ip1],
    [402, ip1],
    [725, ip2],
  ])(
    'and the first keep a mapping for ever on a router that knows no other (%d), until it is taken back',
    async (code, one) => {
      const igd = await FakeIgd.start(one);
      igd.refuse = (_action, { NewLeaseDuration: lease = '0' }) => (lease === '0' ? undefined : code);
      await map(igd);
      const mapping = await map(igd);
      expect([...igd.held]).toEqual([[6000, { host: here, port: 5000, leaseSeconds: 0 }]]);
      await mapping.remove(signal);
      expect(igd.held.size).toBe(0);
    },
  );
});

describe('an answer', () => {
  /** Answers what is asked of a path. */
  async function answering(
    path: string,
    status: number,
    text: string,
    headers: Record<string, string> = {},
  ): Promise<FakeIgd> {
    const igd = await FakeIgd.start(ip1);
    igd.intercept = (request, response) => {
      if (request.url !== path) return false;
      response.writeHead(status, headers).end(text);
      return true;
    };
    return igd;
  }

  it.each(['/description.xml', '/WANIPConnection:1'])('of %s that leads elsewhere is not followed', async (path) => {
    const elsewhere = await FakeIgd.start(ip1);
    let followed = 0;
    elsewhere.intercept = () => ++followed < 0;
    for (const status of [301, 302, 307, 308]) {
      const igd = await answering(path, status, '', { Location: elsewhere.location.href });
      await expect(map(igd)).rejects.toThrow(`with status ${String(status)}`);
    }
    expect(followed).toBe(0);
  });

  it.each(['/description.xml', '/WANIPConnection:1'])(
    'of %s that is too long or nested too deep is refused',
    async (path) => {
      await expect(map(await answering(path, 200, ' '.repeat(65_537)))).rejects.toThrow('too long');
      await expect(map(await answering(path, 200, '<a>'.repeat(20_000)))).rejects.toThrow('too deep');
    },
  );

  it.each(['/description.xml', '/WANIPConnection:1'])(
    'of %s that does not come is waited for no longer than said',
    async (path) => {
      const igd = await FakeIgd.start(ip1);
      const ending = new AbortController();
      igd.intercept = (request, response) => {
        if (request.url !== path) return false;
        response.write('<root>', () => {
          ending.abort(new Error('enough'));
        });
        return true;
      };
      const request = { internalPort: 1, internalHost: here, externalPort: 1, leaseMs: 1, signal };
      await expect(mapAt(igd.location, request, ending.signal)).rejects.toThrow('enough');
    },
  );

  it('whose lines end without CR is taken', async () => {
    const igd = await FakeIgd.start(ip1);
    igd.intercept = ({ socket, method }) => {
      if (method === 'GET')
        socket.end(`HTTP/1.0 200 OK\nServer: old\n\n${descriptionOf([[ip1.type, `/${ip1.type}`]])}`);
      return method === 'GET';
    };
    expect(await map(igd)).toMatchObject({ externalPort: 6000 });
  });

  it('without a service that maps ports is said to be so; and an own address of IPv6 is not asked for', async () => {
    await expect(map(await FakeIgd.start())).rejects.toThrow('maps no ports');
    await expect(map(await FakeIgd.start(ip1), { internalHost: '::1' })).rejects.toThrow('::1 is no IPv4 address');
  });
});
