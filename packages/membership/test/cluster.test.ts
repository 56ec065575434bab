import { describe, expect, it } from 'vitest';
import { Simulation, type SimulatedNode } from './simulation/simulation.ts';

/** A cluster that has been whole for a while. */
function settled(count: number, options: { seed: number; loss?: number }): { sim: Simulation; nodes: SimulatedNode[] } {
  const sim = new Simulation(options);
  const nodes = sim.startMany(count);
  expect(sim.runUntil(() => sim.isWhole(), 60_000)).toBeLessThan(Infinity);
  sim.run(15_000);
  return { sim, nodes };
}

function pick(nodes: readonly SimulatedNode[], index: number): SimulatedNode {
  const node = nodes[index];
  if (node === undefined) throw new RangeError(`no node ${String(index)}`);
  return node;
}

function deaths(nodes: readonly SimulatedNode[]): number {
  return nodes.flatMap((node) => node.noticesOf('peer-left')).filter(({ reason }) => reason === 'dead').length;
}

function allHold(sim: Simulation, victim: SimulatedNode, state: string | undefined): boolean {
  return sim.running.every((node) => node === victim || node.core.member(victim.id)?.state === state);
}

describe.each([
  { count: 3, withinMs: 500, deadWithinMs: 8000 },
  { count: 10, withinMs: 1500, deadWithinMs: 10_000 },
  { count: 100, withinMs: 6000, deadWithinMs: 13_000 },
])('$count nodes', ({ count, withinMs, deadWithinMs }) => {
  const sim = new Simulation({ seed: count });
  const nodes = sim.startMany(count);

  it(`know each other within ${String(withinMs)} ms of joining through one seed`, () => {
    expect(sim.runUntil(() => sim.isWhole(), withinMs)).toBeLessThan(Infinity);
  });

  it('have all met each other within 30 s', () => {
    sim.run(30_000);
    for (const { core } of nodes)
      for (const other of nodes) {
        if (other.core !== core) expect(core.idOf(other.address)).toBe(other.id);
      }
  });

  it('cost two datagrams a second each when nothing happens', () => {
    for (const node of nodes) node.datagramsSent = node.requestsSent = 0;
    sim.run(30_000);
    const perSecond = (total: number): number => total / count / 30;
    expect(perSecond(nodes.reduce((sum, node) => sum + node.datagramsSent, 0))).toBeCloseTo(2, 1);
    expect(perSecond(nodes.reduce((sum, node) => sum + node.requestsSent, 0))).toBeLessThanOrEqual(0.05);
  });

  it(`all hold a killed one dead within ${String(deadWithinMs)} ms, and nobody else`, () => {
    const [seed] = nodes;
    if (seed === undefined) return;
    sim.kill(seed);
    expect(sim.runUntil(() => allHold(sim, seed, 'dead'), deadWithinMs)).toBeLessThan(Infinity);
    expect(deaths(nodes)).toBe(count - 1);
    expect(sim.isWhole()).toBe(true);
  });
});

describe('detection', () => {
  it('takes about 6.5 s among ten', () => {
    const timesMs = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => {
      const { sim, nodes } = settled(10, { seed });
      const victim = pick(nodes, seed);
      sim.kill(victim);
      return sim.runUntil(() => allHold(sim, victim, 'dead'), 15_000);
    });
    const mean = timesMs.reduce((sum, ms) => sum + ms, 0) / timesMs.length;
    expect(mean).toBeGreaterThan(5000);
    expect(mean).toBeLessThan(7500);
  });

  it.each([
    { count: 3, loss: 0.1, minutes: 10 },
    { count: 10, loss: 0.1, minutes: 10 },
    { count: 10, loss: 0.3, minutes: 3 },
    { count: 100, loss: 0.1, minutes: 1 },
  ])('declares nobody falsely dead: $count nodes, loss $loss, $minutes minutes', ({ count, loss, minutes }) => {
    const { sim, nodes } = settled(count, { seed: 7, loss });
    sim.run(minutes * 60_000);
    expect(deaths(nodes)).toBe(0);
  });

  it('still finds the dead one at 10 % loss', () => {
    const { sim, nodes } = settled(10, { seed: 3, loss: 0.1 });
    const victim = pick(nodes, 4);
    sim.kill(victim);
    expect(sim.runUntil(() => allHold(sim, victim, 'dead'), 10_000)).toBeLessThan(Infinity);
  });

  it('holds nobody dead between whom and whom only one way is cut, as others see both', () => {
    const { sim, nodes } = settled(5, { seed: 5 });
    const [left, right] = nodes;
    sim.cut((from, to) => from === left?.address && to === right?.address);
    sim.run(120_000);
    expect(deaths(nodes)).toBe(0);
  });

  it('lets a process that stood still judge nobody, and takes it back', () => {
    const { sim, nodes } = settled(10, { seed: 6 });
    const sleeper = pick(nodes, 3);
    sim.freeze(sleeper);
    sim.run(20_000);
    expect(allHold(sim, sleeper, 'dead')).toBe(true);
    sim.thaw(sleeper);
    expect(sim.runUntil(() => sim.isWhole(), 5000)).toBeLessThan(Infinity);
    expect(deaths([sleeper])).toBe(0);
  });
});

describe('healing', () => {
  it.each([
    { sizes: [1, 1], seed: 1 },
    { sizes: [1, 1], seed: 2 },
    { sizes: [1, 1], seed: 3 },
    { sizes: [1, 4], seed: 4 },
    { sizes: [2, 3], seed: 5 },
    { sizes: [5, 5], seed: 6 },
    { sizes: [3, 3, 3], seed: 7 },
    { sizes: [20, 20], seed: 8 },
  ])('makes parts of $sizes that were apart for 10 minutes one again within 60 s', ({ sizes, seed }) => {
    const { sim, nodes } = settled(
      sizes.reduce((sum, size) => sum + size, 0),
      { seed },
    );
    const rest = [...nodes];
    const groups = sizes.map((size) => rest.splice(0, size));
    sim.partition(...groups);
    sim.run(600_000);
    for (const group of groups)
      for (const node of group) {
        expect(node.idsOf('dead')).toHaveLength(nodes.length - group.length);
      }
    sim.cut();
    expect(sim.runUntil(() => sim.isWhole(), 60_000)).toBeLessThan(Infinity);
    sim.run(60_000);
    expect(sim.isWhole()).toBe(true);
  });

  it('heals through loss', () => {
    const { sim, nodes } = settled(6, { seed: 9, loss: 0.2 });
    sim.partition(nodes.slice(0, 3), nodes.slice(3));
    sim.run(300_000);
    sim.cut();
    expect(sim.runUntil(() => sim.isWhole(), 60_000)).toBeLessThan(Infinity);
  });

  it('falls silent afterwards: no storm', () => {
    const { sim, nodes } = settled(10, { seed: 10 });
    sim.partition(nodes.slice(0, 5), nodes.slice(5));
    sim.run(300_000);
    sim.cut();
    sim.run(90_000);
    for (const node of nodes) node.datagramsSent = 0;
    sim.run(30_000);
    expect(nodes.reduce((sum, node) => sum + node.datagramsSent, 0) / 10 / 30).toBeCloseTo(2, 1);
  });

  it('brings all together that were restarted at once, without a seed, with what they knew', () => {
    const { sim, nodes } = settled(10, { seed: 11 });
    for (const node of nodes) sim.kill(node);
    sim.run(60_000);
    for (const { id, address, core } of nodes) sim.start({ id, address, known: core.members });
    expect(sim.runUntil(() => sim.isWhole(), 10_000)).toBeLessThan(Infinity);
  });

  it('takes back a node that was alone for a day, within 60 s', () => {
    const { sim, nodes } = settled(3, { seed: 14 });
    sim.partition(nodes.slice(0, 2), nodes.slice(2));
    sim.run(24 * 3_600_000);
    expect(pick(nodes, 2).idsOf('dead')).toHaveLength(2);
    sim.cut();
    expect(sim.runUntil(() => sim.isWhole(), 60_000)).toBeLessThan(Infinity);
  });

  it('brings halves together that have forgotten each other, though the seed of both is gone', () => {
    const sim = new Simulation({ seed: 16 });
    const seed = sim.start();
    const nodes = Array.from({ length: 8 }, () => sim.start({ bootstrap: [seed.address], durable: false }));
    sim.run(30_000);
    sim.kill(seed);
    sim.partition(nodes.slice(0, 5), nodes.slice(5));
    sim.run(3_600_000);
    expect(pick(nodes, 0).idsOf('alive', 'suspect', 'dead')).not.toContain(pick(nodes, 7).id);
    sim.cut();
    expect(sim.runUntil(() => sim.isWhole(), 60_000)).toBeLessThan(Infinity);
  });

  it('finds those who come back in the place of seeds that have all left, and know nobody but each other', () => {
    const sim = new Simulation({ seed: 18 });
    const [left, right] = ['10.1.0.1:5000', '10.1.0.2:5000'];
    const seeds = [sim.start({ address: left }), sim.start({ address: right, bootstrap: [left] })];
    for (let count = 0; count < 3; count++) sim.start({ bootstrap: [left, right] });
    sim.run(10_000);
    for (const seed of seeds) sim.leave(seed);
    sim.run(1000);
    for (const seed of seeds) sim.kill(seed);
    sim.run(30_000);
    sim.start({ address: left, bootstrap: [right] });
    sim.start({ address: right, bootstrap: [left] });
    expect(sim.runUntil(() => sim.isWhole(), 60_000)).toBeLessThan(Infinity);
  });

  it('brings halves together by a name when nothing else is known any more', () => {
    const sim = new Simulation({ seed: 17, settings: { forgetAfterMs: 600_000 } });
    const nodes = sim.startMany(6);
    sim.run(30_000);
    sim.partition(nodes.slice(0, 3), nodes.slice(3));
    sim.run(2 * 3_600_000);
    sim.cut();
    expect(sim.runUntil(() => sim.isWhole(), 75_000)).toBeLessThan(Infinity);
  });

  it('lets a node that nobody agrees with wait before it buries the others (Lifeguard §IV-B)', () => {
    const { sim, nodes } = settled(10, { seed: 15 });
    const alone = pick(nodes, 4);
    sim.partition(
      [alone],
      nodes.filter((node) => node !== alone),
    );
    sim.run(15_000);
    expect(allHold(sim, alone, 'dead')).toBe(true);
    expect(deaths([alone])).toBe(0);
  });

  it('finds a seed that is started later', () => {
    const sim = new Simulation({ seed: 12 });
    const address = '10.0.0.1:5000';
    const early = sim.start({ address: '10.0.0.2:5000', bootstrap: [address] });
    sim.run(40_000);
    expect(early.noticesOf('bootstrap-failed')).toHaveLength(1);
    sim.start({ address });
    expect(sim.runUntil(() => sim.isWhole(), 65_000)).toBeLessThan(Infinity);
    expect(early.noticesOf('bootstrapped')).toHaveLength(1);
  });

  it('finds a seed that was replaced at a new address behind its name', () => {
    const sim = new Simulation({ seed: 13 });
    const [first, second] = [sim.start(), sim.start()];
    sim.name('seed', [first.address]);
    const node = sim.start({ bootstrap: ['seed'] });
    sim.run(5000);
    sim.kill(first);
    sim.name('seed', [second.address]);
    expect(sim.runUntil(() => node.core.member(second.id)?.state === 'alive', 75_000)).toBeLessThan(Infinity);
  });
});

describe('joining', () => {
  it('works when two nodes bootstrap each other at once', () => {
    const sim = new Simulation({ seed: 21 });
    const [left, right] = ['10.0.0.1:5000', '10.0.0.2:5000'];
    const nodes = [sim.start({ address: left, bootstrap: [right] }), sim.start({ address: right, bootstrap: [left] })];
    expect(sim.runUntil(() => sim.isWhole(), 1000)).toBeLessThan(Infinity);
    sim.run(10_000);
    for (const node of nodes) {
      expect(node.noticesOf('bootstrapped')).toHaveLength(1);
      expect(node.noticesOf('peer-joined')).toHaveLength(1);
    }
  });

  it('works in a ring of bootstraps', () => {
    const sim = new Simulation({ seed: 22 });
    const addresses = [0, 1, 2, 3, 4, 5].map((index) => `10.1.0.${String(index)}:5000`);
    for (const [index, address] of addresses.entries()) {
      sim.start({ address, bootstrap: [addresses[(index + 1) % 6] ?? ''] });
    }
    expect(sim.runUntil(() => sim.isWhole(), 3000)).toBeLessThan(Infinity);
  });

  it('joins two clusters through one node that knows both', () => {
    const sim = new Simulation({ seed: 23 });
    const first = sim.startMany(5);
    const second = sim.startMany(5);
    sim.run(10_000);
    sim.tell(pick(first, 0), { type: 'join', name: pick(second, 0).address });
    expect(sim.runUntil(() => sim.isWhole(), 10_000)).toBeLessThan(Infinity);
  });

  it('works at 20 % loss', () => {
    const sim = new Simulation({ seed: 24, loss: 0.2 });
    sim.startMany(10);
    expect(sim.runUntil(() => sim.isWhole(), 10_000)).toBeLessThan(Infinity);
  });

  it('recognises itself among the addresses of a name', () => {
    const sim = new Simulation({ seed: 25 });
    const [left, right] = ['10.0.0.1:5000', '10.0.0.2:5000'];
    sim.name('all', [left, right]);
    const nodes = [left, right].map((address) => sim.start({ address, bootstrap: ['all'] }));
    sim.run(3000);
    expect(sim.isWhole()).toBe(true);
    for (const node of nodes) {
      expect(node.noticesOf('bootstrapped')).toHaveLength(1);
      expect(node.noticesOf('identity-conflict')).toEqual([]);
    }
    const alone = sim.start({ bootstrap: ['10.0.0.2:5000'] });
    sim.tell(alone, { type: 'join', name: alone.address });
    sim.run(3000);
    expect(alone.noticesOf('self-bootstrap')).toHaveLength(1);
  });

  it('measures how far clocks are apart', () => {
    const sim = new Simulation({ seed: 26 });
    const left = sim.start();
    const right = sim.start({ bootstrap: [left.address], skewMs: -4000 });
    sim.run(20_000);
    expect(left.core.member(right.id)?.clockOffsetMs).toBeCloseTo(-4000, -1);
    expect(right.core.member(left.id)?.clockOffsetMs).toBeCloseTo(4000, -1);
  });
});

describe('coming and going', () => {
  it('tells everyone of a leave at once, and nobody suspects', () => {
    const { sim, nodes } = settled(10, { seed: 31 });
    const leaver = pick(nodes, 5);
    sim.leave(leaver);
    expect(sim.runUntil(() => allHold(sim, leaver, 'left'), 100)).toBeLessThan(Infinity);
    expect(leaver.core.departed).toBe(true);
    sim.kill(leaver);
    sim.run(120_000);
    expect(nodes.flatMap((node) => node.noticesOf('peer-suspect'))).toEqual([]);
    expect(allHold(sim, leaver, 'left')).toBe(true);
  });

  it('tells everyone of a leave through loss', () => {
    const { sim, nodes } = settled(10, { seed: 32, loss: 0.3 });
    const leaver = pick(nodes, 5);
    sim.leave(leaver);
    sim.run(1000);
    sim.kill(leaver);
    sim.run(3000);
    expect(allHold(sim, leaver, 'left')).toBe(true);
  });

  it('all may leave at once', () => {
    const { sim, nodes } = settled(10, { seed: 33 });
    for (const node of nodes) sim.leave(node);
    sim.run(2000);
    for (const node of nodes) {
      expect(node.core.departed).toBe(true);
      expect(node.core.deadline()).toBeUndefined();
    }
  });

  it('replaces a process that was restarted at its address with a new id, at once and with no death', () => {
    const { sim, nodes } = settled(10, { seed: 34 });
    const seed = pick(nodes, 0);
    const old = pick(nodes, 5);
    sim.kill(old);
    sim.run(500);
    const reborn = sim.start({ address: old.address, bootstrap: [seed.address] });
    expect(sim.runUntil(() => sim.isWhole() && allHold(sim, old, undefined), 1500)).toBeLessThan(Infinity);
    sim.run(120_000);
    expect(allHold(sim, old, undefined)).toBe(true);
    expect(allHold(sim, reborn, 'alive')).toBe(true);
    expect(deaths(nodes)).toBe(0);
  });

  it('takes back a process that was restarted with its id, here or elsewhere', () => {
    const { sim, nodes } = settled(10, { seed: 35 });
    const [seed, here, elsewhere] = [pick(nodes, 0), pick(nodes, 1), pick(nodes, 2)];
    for (const node of [here, elsewhere]) sim.kill(node);
    sim.run(1500);
    sim.start({ id: here.id, address: here.address, bootstrap: [seed.address] });
    sim.start({ id: elsewhere.id, address: '10.7.7.7:7', bootstrap: [seed.address] });
    expect(sim.runUntil(() => sim.isWhole(), 3000)).toBeLessThan(Infinity);
    sim.run(60_000);
    expect(sim.isWhole()).toBe(true);
    expect(deaths(nodes)).toBe(0);
  });

  it('survives a rolling restart of every node with a new id', () => {
    const { sim, nodes } = settled(6, { seed: 36 });
    for (const [index, node] of nodes.entries()) {
      sim.kill(node);
      sim.run(300);
      sim.start({ address: node.address, bootstrap: [nodes[(index + 1) % 6]?.address ?? ''] });
      sim.run(5000);
    }
    expect(sim.isWhole()).toBe(true);
    expect(sim.running.every(({ core }) => core.members.length === 5)).toBe(true);
  });

  it('reports two processes with one id to both', () => {
    const { sim, nodes } = settled(4, { seed: 37 });
    const [seed, original] = [pick(nodes, 0), pick(nodes, 1)];
    sim.run(10_000);
    const twin = sim.start({ id: original.id, address: '10.6.6.6:6', bootstrap: [seed.address] });
    sim.run(60_000);
    expect(original.noticesOf('identity-conflict').length + twin.noticesOf('identity-conflict').length).toBeGreaterThan(
      0,
    );
  });
});

describe('a run', () => {
  it('repeats exactly with the same seed', () => {
    const trace = (): unknown => {
      const { sim, nodes } = settled(10, { seed: 41, loss: 0.1 });
      sim.run(60_000);
      return nodes.map(({ core, notices, datagramsSent }) => ({ notices, datagramsSent, counters: core.counters }));
    };
    expect(trace()).toEqual(trace());
  });
});
