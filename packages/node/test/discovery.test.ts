import {
  MemoryLan,
  VirtualClock,
  type Announcement,
  type Discovery,
  type DiscoveryHandlers,
} from '@simpledht/transport';
import { createNode, DHTNode, SimpleDHTError } from '@simpledht/node';
import { TestCluster } from '@simpledht/node/testing';
import { describe, expect, it, type TestContext } from 'vitest';

/** A discovery that does what the test says. */
class ToldDiscovery implements Discovery {
  readonly counters = { told: 0 };
  readonly announcements: Announcement[] = [];
  handlers: DiscoveryHandlers | undefined;
  stops = 0;

  start(announcement: Announcement, handlers: DiscoveryHandlers): void {
    this.announcements.push(announcement);
    this.handlers = handlers;
  }

  stop(): Promise<void> {
    this.stops++;
    return Promise.resolve();
  }

  tell(id: unknown, address: unknown): void {
    this.handlers?.onFound({ id, address } as never);
  }
}

function clusterOf({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): TestCluster {
  const cluster = new TestCluster({});
  onTestFinished(() => cluster.stop());
  return cluster;
}

const nobody = (index: number): [string, string] => [
  index.toString(16).padStart(32, '0'),
  `10.9.0.${String(index)}:5000`,
];

describe('nodes on a LAN, in virtual time', () => {
  it('find each other with no address given, and are ready as soon as they hold the same', async (context) => {
    const cluster = clusterOf(context);
    const lan = new MemoryLan({ clock: cluster.clock });
    for (let index = 0; index < 3; index++) await cluster.add({ bootstrap: [], discovery: lan.discovery() });
    await cluster.formed();
    await cluster.settle(cluster.node(0).put('found', 'by', { acks: 'all' }));
    expect(cluster.live.map((node) => node.getSync('found'))).toEqual(['by', 'by', 'by']);
    expect(cluster.node(1).metrics()['discovery']).toMatchObject({ announced: 1, malformed: 0 });

    const startedMs = cluster.clock.monotonic();
    const late = await cluster.add({ bootstrap: [], discovery: lan.discovery() });
    expect(late.info().ready).toBe(false);
    await cluster.settle(late.ready());
    expect(late.getSync('found')).toBe('by');
    expect(cluster.clock.monotonic() - startedMs).toBeLessThan(1000);
  });

  it('a node that finds nobody is ready after 3 s, and no earlier', async (context) => {
    const cluster = clusterOf(context);
    const node = await cluster.add({ bootstrap: [], discovery: new ToldDiscovery() });
    await cluster.advance(2999);
    expect(node.info().ready).toBe(false);
    await cluster.advance(1);
    expect(node.info().ready).toBe(true);
  });

  it('who is found while it looks around is waited for, and who is not there is given up', async (context) => {
    const cluster = clusterOf(context);
    const discovery = new ToldDiscovery();
    const node = await cluster.add({ bootstrap: [], discovery });
    const failed: string[] = [];
    node.on('discovery-failed', (address) => failed.push(address));
    await cluster.advance(2900);
    discovery.tell(...nobody(1));
    await cluster.advance(1000);
    expect(node.info().ready).toBe(false);
    await cluster.settle(node.ready());
    expect(failed).toEqual([nobody(1)[1]]);
  });

  it('clusters with other names stay apart', async (context) => {
    const cluster = clusterOf(context);
    const lan = new MemoryLan({ clock: cluster.clock });
    for (const name of ['blue', 'red', 'blue', 'red'])
      await cluster.add({ bootstrap: [], discovery: lan.discovery(), cluster: name });
    await cluster.advance(60_000);
    expect(cluster.live.map((node) => node.peers.map(({ address }) => address))).toEqual([
      [cluster.addressOf(2)],
      [cluster.addressOf(3)],
      [cluster.addressOf(0)],
      [cluster.addressOf(1)],
    ]);
  });

  it('a name keeps nodes apart that dial each other all the same', async (context) => {
    const cluster = clusterOf(context);
    await cluster.add({ cluster: 'blue' });
    const red = await cluster.add({ cluster: 'red' });
    await cluster.advance(60_000);
    expect([red.peers, cluster.node(0).peers]).toEqual([[], []]);
  });

  it('whoever lies about others is dialled a few times at a time, and takes nothing from the node', async (context) => {
    const cluster = clusterOf(context);
    const discovery = new ToldDiscovery();
    const dialled: string[] = [];
    const failed: string[] = [];
    const node = await cluster.add({ bootstrap: [], discovery });
    await cluster.settle(node.ready());
    node.on('peer-discovered', ({ address }) => dialled.push(address));
    node.on('discovery-failed', (address) => failed.push(address));
    node.on('bootstrap-retry', () => failed.push('a word about it'));
    for (let index = 1; index <= 100; index++) discovery.tell(...nobody(index));
    await cluster.advance(1);
    expect(dialled).toHaveLength(8);
    expect(node.info().ready).toBe(true);
    await cluster.until(() => failed.length === 8);
    expect(failed.sort()).toEqual(dialled.sort());
    expect(node.metrics()['discovery']).toMatchObject({ found: 100, dialled: 8, full: 92, failed: 8 });

    // They are not dialled any more: 100 of them leave room for the names of the user, and for who is there.
    for (let round = 0; round < 12; round++) {
      for (let index = 1; index <= 8; index++) discovery.tell(...nobody(round * 8 + index));
      await cluster.until(() => failed.length === 8 * (round + 2));
    }
    // The last hellos of the links.
    await cluster.advance(20_000);
    const sent = cluster.network.counters.datagrams;
    await cluster.advance(600_000);
    expect(cluster.network.counters.datagrams).toBe(sent);
    const other = await cluster.add({ bootstrap: [] });
    discovery.tell(other.id, cluster.addressOf(1));
    await cluster.formed();
    const third = await cluster.add({ bootstrap: [] });
    await cluster.settle(third.bootstrap(cluster.addressOf(0)));
  });

  it('who is alive, who is this very node, and who is a bootstrap name is not dialled', async (context) => {
    const cluster = clusterOf(context);
    await cluster.add();
    const discovery = new ToldDiscovery();
    const node = await cluster.add({ discovery });
    discovery.tell(nobody(7)[0], cluster.addressOf(0));
    await cluster.formed();
    discovery.tell(node.id, '10.9.9.9:1');
    discovery.tell(cluster.node(0).id, '10.9.9.9:2');
    expect(node.metrics()['discovery']).toMatchObject({ found: 3, known: 3, dialled: 0 });
  });

  it('a member that died is dialled where it is found again', async (context) => {
    const cluster = clusterOf(context);
    const discovery = new ToldDiscovery();
    const node = await cluster.add({ discovery });
    const other = await cluster.add();
    await cluster.formed();
    await cluster.crash(1);
    await cluster.until(() => node.peers[0]?.state === 'dead');
    const moved = await cluster.add({ bootstrap: [] });
    discovery.tell(other.id, moved.address);
    await cluster.until(() => node.peers.some(({ id, state }) => id === moved.id && state === 'alive'));
    expect(node.metrics()['discovery']).toMatchObject({ dialled: 1, reached: 1 });
  });

  it('a name that the user asks for meanwhile is the user’s', async (context) => {
    const cluster = clusterOf(context);
    const discovery = new ToldDiscovery();
    const node = await cluster.add({ bootstrap: [], discovery });
    const [id, address] = nobody(1);
    discovery.tell(id, address);
    const asked = node.bootstrap(address).catch((error: unknown) => error);
    const failed: string[] = [];
    node.on('discovery-failed', (name) => failed.push(name));
    expect(await cluster.settle(asked)).toMatchObject({ code: 'ERR_BOOTSTRAP_FAILED' });
    expect(failed).toEqual([]);
  });
});

describe('a discovery that misbehaves', () => {
  it.each<[unknown, unknown]>([
    ['no id', '10.0.0.9:5000'],
    [undefined, '10.0.0.9:5000'],
    [nobody(1)[0], ''],
    [nobody(1)[0], 7],
    [nobody(1)[0], 'x'.repeat(256)],
  ])('tells nonsense: %j at %j', async (id, address) => {
    const cluster = new TestCluster({});
    const discovery = new ToldDiscovery();
    const node = await cluster.add({ discovery });
    discovery.tell(id, address);
    discovery.handlers?.onFound(null as never);
    expect(node.metrics()['discovery']).toMatchObject({ malformed: 2, dialled: 0 });
    await cluster.stop();
    discovery.tell(...nobody(1));
  });

  it('throws, fails and never stops: events, and the node goes on and stops in time', async () => {
    const clock = new VirtualClock();
    const errors: Error[] = [];
    const discovery: Discovery = {
      counters: {},
      start: (_announcement, handlers) => {
        handlers.onError(new Error('no network'));
        throw new Error('broken');
      },
      stop: () => new Promise(() => undefined),
    };
    const node = new DHTNode({ host: '127.0.0.1', port: 0, discovery, clock });
    node.on('error', (error) => errors.push(error));
    await node.start();
    const stopped = node.stop();
    await clock.advance(2000);
    await stopped;
    expect(errors.map(({ message }) => message)).toEqual([
      'Discovery failed: no network',
      'Discovery failed: broken',
      'The discovery does not stop',
    ]);
    for (const error of errors) expect(SimpleDHTError.is(error, 'ERR_DISCOVERY')).toBe(true);
  });

  it('is stopped with the node, and when the node cannot bind', async () => {
    const [one, two] = [new ToldDiscovery(), new ToldDiscovery()];
    const node = await createNode({ host: '127.0.0.1', port: 0, discovery: one, cluster: 'office' });
    const { port, id } = node;
    expect(one.announcements).toMatchObject([{ id, address: `127.0.0.1:${String(port)}` }]);
    expect(one.announcements[0]?.tags).toHaveLength(1);
    const second = createNode({ host: '127.0.0.1', port, discovery: two });
    await expect(second).rejects.toMatchObject({ code: 'ERR_ADDRESS_IN_USE' });
    await node.stop();
    expect([one.stops, two.stops, two.announcements.length]).toEqual([1, 1, 0]);
  });

  it.each([[{}], ['lan'], [null]])('%j is none', (discovery) => {
    expect(() => new DHTNode({ discovery: discovery as never })).toThrow('Option discovery must be a Discovery');
  });

  it.each([[7], ['x'.repeat(256)]])('a cluster has a name: %j', (cluster) => {
    expect(() => new DHTNode({ cluster: cluster as never })).toThrow('Option cluster must be text');
  });
});
