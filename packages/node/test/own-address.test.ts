import { createNode, DHTNode } from '@simpledht/node';
import { createTestCluster, type TestCluster } from '@simpledht/node/testing';
import { datagramTransport, type DatagramSocket } from '@simpledht/transport';
import { describe, expect, it, onTestFinished } from 'vitest';

const outside = '203.0.113.1:7000';

/** A router that sends what comes to `outside` on to the node, and its answers back: for one peer. */
async function forward({ network }: TestCluster, to: string): Promise<void> {
  const [wan, lan]: DatagramSocket[] = [network.socket(outside), network.socket('10.0.0.254:7000')];
  let peer = '';
  const onError = (): void => undefined;
  await wan?.bind({ onError, onDatagram: (datagram, from) => lan?.send(datagram, ((peer = from), to)) });
  await lan?.bind({ onError, onDatagram: (datagram) => wan?.send(datagram, peer) });
}

/** Two nodes that know each other. */
async function pair(): Promise<{ cluster: TestCluster; home: DHTNode; peer: DHTNode }> {
  const cluster = await createTestCluster(2);
  onTestFinished(() => cluster.stop());
  const [home, peer] = [cluster.node(0), cluster.node(1)];
  await cluster.settle(peer.ready());
  return { cluster, home, peer };
}

describe('an address that is advertised while the node runs', () => {
  it('is used by the others once they have reached the node there', async () => {
    const { cluster, home, peer } = await pair();
    const events: string[] = [];
    home.on('public-address', (address) => events.push(address));
    await forward(cluster, cluster.addressOf(0));
    home.advertise(outside);
    await cluster.until(() => peer.peers[0]?.address === outside, 10_000);
    expect([home.publicAddress, events]).toEqual([outside, [outside]]);
    await cluster.advance(60_000);
    expect(peer.peers[0]).toMatchObject({ address: outside, state: 'alive' });
    home.advertise(undefined);
    await cluster.advance(10_000);
    // The way through the router is still there, so it is what members see.
    expect([home.publicAddress, peer.peers[0]?.state]).toEqual([outside, 'alive']);
  });

  it('is not used while nobody answers there', async () => {
    const { cluster, home, peer } = await pair();
    home.advertise(outside);
    await cluster.advance(150_000);
    expect(peer.peers).toMatchObject([{ address: cluster.addressOf(0), state: 'alive' }]);
  });

  it('is a non-empty string', async () => {
    const { home } = await pair();
    expect(() => {
      home.advertise('');
    }).toThrow('Option advertise');
  });
});

describe('a name that is advertised', () => {
  it('is resolved', async () => {
    const node = new DHTNode({ host: '127.0.0.1', port: 0, advertise: 'localhost:7000' });
    onTestFinished(() => node.stop());
    const told = new Promise((resolve) => node.once('public-address', resolve));
    await node.start();
    expect([await told, node.publicAddress]).toEqual(['127.0.0.1:7000', '127.0.0.1:7000']);
  });

  it('that does not resolve is told, and stops nothing', async () => {
    const node = new DHTNode({ host: '127.0.0.1', port: 0, advertise: 'nowhere.invalid:7000' });
    onTestFinished(() => node.stop());
    const told = new Promise((resolve) => node.once('public-address-failed', resolve));
    await node.start();
    expect(await told).toContain('nowhere.invalid');
    expect(await node.put('key', 1)).toMatchObject({ acknowledged: 1 });
  });
});

describe('STUN', () => {
  it('that fails is told, comes before what members see, and is no reason to stop', async () => {
    const cluster = await createTestCluster(1);
    onTestFinished(() => cluster.stop());
    const { network, clock, random } = cluster;
    const socket = network.socket('10.0.0.9:5000');
    const transport = datagramTransport({ socket, clock, random, stun: ['10.9.9.9:3478'] });
    const bootstrap = [cluster.addressOf(0)];
    const node = await createNode({ transport, clock, random, bootstrap });
    const failures: string[] = [];
    node.on('public-address-failed', (reason) => failures.push(reason));
    await cluster.advance(60_000);
    expect([node.publicAddress, failures]).toEqual(['10.0.0.9:5000', ['10.9.9.9:3478: no answer']]);

    const server = network.socket('10.9.9.9:3478');
    await server.bind({
      onError: () => undefined,
      // A success of Binding with XOR-MAPPED-ADDRESS 192.0.2.1:32853, as in RFC 5769.
      onDatagram: (request, from) => {
        const head = Buffer.from('0101000c2112a442', 'hex');
        const address = Buffer.from('002000080001a147e112a643', 'hex');
        server.send(Uint8Array.from([...head, ...request.subarray(8, 20), ...address]), from);
      },
    });
    await cluster.advance(300_000);
    expect(node.publicAddress).toBe('192.0.2.1:32853');
    await cluster.settle(node.stop());
  });

  it('has its servers from the option, or from the transport', async () => {
    expect(
      () => new DHTNode({ stun: ['nowhere'], transport: datagramTransport({ socket: {} as DatagramSocket }) }),
    ).toThrow('Option stun is for UDP');
    const node = new DHTNode({ host: '127.0.0.1', port: 0, stun: ['nowhere'] });
    onTestFinished(() => node.stop());
    const told = new Promise((resolve) => node.once('public-address-failed', resolve));
    await node.start();
    expect(await told).toContain('nowhere');
  });
});
