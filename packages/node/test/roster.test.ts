import type { NodeId } from '@simpledht/wire';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeRoster, encodeRoster, type RosterCopy } from '../src/driver/roster-copy.ts';
import { createTestCluster, type TestCluster } from '../src/testing/index.ts';

/* The roster is kept with the data: what a restarted node knows of the others. */

const minute = 60_000;
let running: TestCluster | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

/** Three nodes with a disk each, whole for a while. */
async function three(): Promise<TestCluster> {
  running = await createTestCluster(3, { seed: 5, disk: true });
  await running.advance(5000);
  return running;
}

function keptOn(cluster: TestCluster, index: number): RosterCopy | undefined {
  return decodeRoster(cluster.copyDisk(index).meta.get('membership/roster'));
}

describe('nodes that are restarted with their data', () => {
  it('find each other without the node that all joined through', async () => {
    const cluster = await three();
    for (const index of [0, 1, 2]) await cluster.crash(index);
    await cluster.advance(10 * minute);
    for (const index of [1, 2]) await cluster.restart(index, { keepData: true });
    await cluster.until(() => cluster.live.every((node) => node.info().alive === 2), 10_000);
    expect(cluster.node(1).peers).toMatchObject([{ state: 'dead' }, { state: 'alive' }]);
    await cluster.restart(0, { keepData: true });
    await cluster.until(() => cluster.live.every((node) => node.info().alive === 3), minute);
  });

  it('catch up before they are ready, though nobody told them where to join', async () => {
    const cluster = await three();
    await cluster.crash(0);
    await cluster.settle(cluster.node(1).put('k', 'written meanwhile'));
    const again = await cluster.restart(0, { keepData: true });
    expect(again.info().ready).toBe(false);
    await cluster.settle(again.ready());
    expect(again.getSync('k')).toBe('written meanwhile');
  });

  it('are ready soon when nobody of former times answers', async () => {
    const cluster = await three();
    for (const index of [0, 1, 2]) await cluster.crash(index);
    const again = await cluster.restart(0, { keepData: true });
    await cluster.until(() => again.info().ready, 5000);
    expect(again.info()).toMatchObject({ members: 3, alive: 1 });
  });

  it('remember deletes for a member that was away before and after', async () => {
    const cluster = await three();
    await cluster.settle(cluster.node(0).put('k', 1, { acks: 'all' }));
    cluster.partition([0, 1], [2]);
    await cluster.advance(minute);
    await cluster.settle(cluster.node(0).delete('k', { acks: 2 }));
    for (const index of [0, 1]) await cluster.crash(index);
    for (const index of [0, 1]) await cluster.restart(index, { keepData: true });
    cluster.partition([0, 1], [2]);
    await cluster.advance(5 * minute);
    expect([0, 1].map((index) => cluster.node(index).info().tombstones)).toEqual([1, 1]);
    cluster.heal();
    await cluster.until(
      () => cluster.live.every((node) => node.info().alive === 3 && node.getSync('k') === undefined),
      2 * minute,
    );
    await cluster.until(() => cluster.live.every((node) => node.info().tombstones === 0));
  });

  it('do not wait for a member that was forgotten', async () => {
    const cluster = await three();
    const gone = cluster.node(2).id;
    await cluster.crash(2);
    await cluster.until(() => cluster.node(0).info().alive === 2);
    expect(cluster.node(0).forget(gone)).toBe(true);
    await cluster.advance(5000);
    for (const index of [0, 1]) await cluster.crash(index);
    for (const index of [0, 1]) await cluster.restart(index, { keepData: true });
    await cluster.advance(5000);
    for (const node of cluster.live) expect(node.info()).toMatchObject({ members: 2, alive: 2 });
  });

  it('speak over what was said of their former life, though the clock was set back', async () => {
    const cluster = await three();
    const before = keptOn(cluster, 1)?.incarnation ?? Infinity;
    // Nobody is there to tell it what it was.
    for (const index of [0, 1, 2]) await cluster.crash(index);
    cluster.skew(1, -3_600_000);
    await cluster.restart(1, { keepData: true });
    await cluster.advance(1000);
    expect(keptOn(cluster, 1)?.incarnation).toBeGreaterThan(before);
  });

  it('know nobody when the data is that of another node', async () => {
    const cluster = await three();
    const copy = cluster.copyDisk(1);
    const withoutKey = { ...copy, meta: new Map([...copy.meta].filter(([name]) => name !== 'node.key')) };
    await cluster.crash(0);
    const other = await cluster.restart(0, { from: withoutKey });
    expect(other.info()).toMatchObject({ members: 1, ready: true });
    await cluster.advance(1000);
    expect(keptOn(cluster, 0)).toMatchObject({ self: other.id });
  });
});

describe('a dead member', () => {
  it.each([
    { disk: true, afterMs: 20 * minute },
    { disk: false, afterMs: 10 * minute },
  ])('is forgotten after `forgetAfterMs`, or ten minutes without a disk: $afterMs ms, disk $disk', async (kept) => {
    running = await createTestCluster(2, { seed: 9, disk: kept.disk, node: () => ({ forgetAfterMs: 20 * minute }) });
    const cluster = running;
    const { id } = cluster.node(1);
    const forgotten: string[] = [];
    cluster.node(0).on('peer-forgotten', (gone) => forgotten.push(gone));
    await cluster.crash(1);
    await cluster.advance(kept.afterMs - minute);
    expect(cluster.node(0).info().members).toBe(2);
    await cluster.advance(2 * minute);
    expect(cluster.node(0).info().members).toBe(1);
    expect(forgotten).toEqual([id]);
  });
});

describe('a bootstrap name', () => {
  it('leads to the seed that was put in place of the one that all joined through, at another address', async () => {
    running = await createTestCluster(1, { seed: 6 });
    const cluster = running;
    const name = 'seed.example:5000';
    cluster.network.names.set(name, [cluster.addressOf(0)]);
    const member = await cluster.add({ bootstrap: [name] });
    await cluster.until(() => member.info().alive === 2, 5000);
    await cluster.crash(0);
    const replaced = await cluster.add({ bootstrap: [] });
    cluster.network.names.set(name, [cluster.addressOf(2)]);
    await cluster.until(() => member.peers.some(({ id, state }) => id === replaced.id && state === 'alive'), 75_000);
  });
});

describe('what is kept', () => {
  const id = (digit: string): NodeId => digit.repeat(32) as NodeId;
  const copy: RosterCopy = {
    self: id('f'),
    incarnation: 1_780_000_000,
    members: [
      { id: id('a'), address: '[2001:db8::1]:5000', state: 'alive', incarnation: 0, durable: true, sinceMs: -1.5 },
      { id: id('b'), address: '', state: 'dead', incarnation: 2 ** 48 - 1, durable: false, sinceMs: 1_780_000_000_000 },
      { id: id('c'), address: 'höher:1', state: 'left', incarnation: 7, durable: true, sinceMs: 0 },
    ],
  };

  it('comes back as it went in; a suspect as one that lives', () => {
    expect(decodeRoster(encodeRoster(copy))).toEqual(copy);
    const suspects = copy.members.map((each) => ({ ...each, state: 'suspect' as const }));
    const states = decodeRoster(encodeRoster({ ...copy, members: suspects }))?.members.map(({ state }) => state);
    expect(states).toEqual(['alive', 'alive', 'alive']);
  });

  it('is on the disk as it was written by every version', () => {
    const [alive, dead, left] = (['alive', 'dead', 'left'] as const).map((state, index) => {
      const member = { id: id('b'), address: 'a:1', state, incarnation: 7, durable: index !== 1, sinceMs: 1.5 };
      const bytes = encodeRoster({ self: id('f'), incarnation: 1_780_000_000, members: [member] });
      return Buffer.from(bytes).toString('hex');
    });
    const head = `01${'f'.repeat(32)}41da862940000000${'b'.repeat(32)}`;
    const rest = '401c0000000000003ff80000000000000003613a31';
    expect(alive).toBe(`${head}80${rest}`);
    expect(dead).toBe(`${head}01${rest}`);
    expect(left).toBe(`${head}82${rest}`);
  });

  it('is nobody when it is of a later version or was cut within a member, and throws nothing whatever its bytes', () => {
    const bytes = encodeRoster(copy);
    expect(decodeRoster(undefined)).toBeUndefined();
    expect(decodeRoster(Uint8Array.of(2, ...bytes.subarray(1)))).toBeUndefined();
    const whole = bytes.map((_, length) => decodeRoster(bytes.subarray(0, length))?.members.length ?? 9);
    expect([...whole].filter((count) => count !== 9)).toEqual([0, 1, 2]);
    for (const [index] of bytes.entries()) {
      for (const byte of [0, 0x7f, 0xff]) decodeRoster(bytes.with(index, byte));
    }
  });

  it.each([
    ['an incarnation below zero', { incarnation: -1 }],
    ['an incarnation with a fraction', { incarnation: 0.5 }],
    ['an address longer than any', { address: 'a'.repeat(301) }],
  ])('is nobody with %s', (_, change) => {
    const [member] = copy.members;
    if (member === undefined) throw new Error('there is one');
    expect(decodeRoster(encodeRoster({ ...copy, members: [{ ...member, ...change }] }))).toBeUndefined();
  });

  it('is nobody with an own incarnation below zero, or an address that is no text', () => {
    expect(decodeRoster(encodeRoster({ ...copy, incarnation: -1 }))).toBeUndefined();
    const bytes = encodeRoster({ ...copy, members: copy.members.slice(2) });
    expect(decodeRoster(bytes.with(bytes.length - 1, 0xff))).toBeUndefined();
  });

  it('keeps a byte order mark', () => {
    const members = copy.members.map((member) => ({ ...member, address: '\ufeffa:1' }));
    expect(decodeRoster(encodeRoster({ ...copy, members }))?.members).toEqual(members);
  });
});
