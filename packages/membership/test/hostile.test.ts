import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { isNodeId, type MembershipDatagram, type MemberUpdate, type NodeId } from '@simpledht/wire';
import { ownIncarnation, ownWord, peer, Script, self, update } from './script.ts';
import { Simulation } from './simulation/simulation.ts';

const [a, b] = [peer(1), peer(2)];

describe('lies', () => {
  it.each([Number.MAX_SAFE_INTEGER, 2 ** 53, -1, 1.5, NaN, Infinity])('drops the incarnation %d', (incarnation) => {
    const script = new Script().meet(a, b);
    script.gossip(a, [update(b, 'dead', incarnation), update(peer(7), 'alive', incarnation)]);
    script.gossip(a, [update(self, 'dead', incarnation), ownWord(a, incarnation)]);
    expect(script.stateOf(b)).toBe('alive');
    expect(script.core.members).toHaveLength(2);
    expect(script.core.incarnation).toBe(ownIncarnation);
    expect(script.core.member(a.id)?.incarnation).toBe(1);
  });

  it('leaves the accused a word to refute even the highest incarnation that is believed', () => {
    const script = new Script().meet(a, b);
    script.gossip(a, [update(b, 'dead', 2 ** 32 - 1), update(self, 'dead', 2 ** 32 - 1)]);
    expect(script.stateOf(b)).toBe('suspect');
    script.gossip(b, [ownWord(b, 2 ** 32)]);
    expect(script.stateOf(b)).toBe('alive');
    expect(script.core.incarnation).toBe(2 ** 32);
  });

  it('leaves the accused, once beyond what is believed of others, open to honest accusations and no others', () => {
    const script = new Script().meet(a, b).gossip(b, [ownWord(b, 2 ** 32)]);
    script.gossip(a, [update(b, 'suspect', 2 ** 32 + 1), update(peer(3), 'alive', 2 ** 32)]);
    expect(script.core.member(b.id)).toMatchObject({ state: 'alive', incarnation: 2 ** 32 });
    expect(script.core.member(peer(3).id)).toBeUndefined();
    script.gossip(a, [update(b, 'suspect', 2 ** 32)]);
    expect(script.stateOf(b)).toBe('suspect');
    script.gossip(a, [update(self, 'dead', 2 ** 32 - 1), update(self, 'dead', 2 ** 32 + 1)]);
    expect(script.core.incarnation).toBe(2 ** 32);
    script.gossip(a, [update(self, 'dead', 2 ** 32)]);
    expect(script.core.incarnation).toBe(2 ** 32 + 1);
  });

  it.each(['suspect', 'dead', 'left'] as const)('"%s" at the highest incarnation, then a real suspicion', (state) => {
    const sim = new Simulation({ seed: 7 });
    const nodes = sim.startMany(3);
    const [first, liar, victim] = nodes;
    if (first === undefined || liar === undefined || victim === undefined) throw new Error('three nodes');
    sim.run(10_000);
    const lie = update(victim, state, 2 ** 32 - 1);
    sim.tell(victim, {
      type: 'datagram',
      from: liar.address,
      message: { kind: 'gossip', from: liar.id, updates: [lie] },
    });
    sim.run(20_000);
    expect(sim.isWhole()).toBe(true);
    expect(first.core.member(victim.id)?.incarnation).toBe(2 ** 32);
    sim.partition([first, liar], [victim]);
    sim.run(30_000);
    expect(first.core.member(victim.id)?.state).toBe('dead');
    sim.cut();
    expect(sim.runUntil(() => sim.isWhole(), 60_000)).toBeLessThan(Infinity);
  });

  it('is not made to dial faster by a huge roster', () => {
    const script = new Script().meet(a);
    for (let first = 1000; first < 3000; first += 50) {
      const strangers = Array.from({ length: 50 }, (_, index) => ({
        ...update(peer(first + index), index % 2 ? 'dead' : 'alive'),
        address: `10.9.${String(first)}.${String(index)}:1`,
      }));
      script.gossip(a, strangers);
    }
    expect(script.core.members).toHaveLength(2001);
    const requests = script.pass(10_000).requests();
    expect(requests.length / 10).toBeLessThanOrEqual(45);
  });

  it('keeps the table bounded', () => {
    const script = new Script({ settings: { maxMembers: 50 } }).meet(a);
    for (let index = 100; index < 300; index++)
      script.gossip(a, [update(peer(index)), update(peer(index + 1000), 'dead')]);
    expect(script.core.members).toHaveLength(50);
    expect(script.stateOf(a)).toBe('alive');
  });

  it('hears at most 64 updates of one message', () => {
    const script = new Script().meet(a);
    const updates = Array.from({ length: 500 }, (_, index) => update(peer(index + 1000)));
    script.gossip(a, updates);
    expect(script.core.members.length).toBeLessThanOrEqual(65);
  });

  it('drops strangers without an address, and with one that is too long', () => {
    const script = new Script().meet(a);
    script.gossip(a, [
      { ...update(peer(7)), address: '' },
      { ...update(peer(8)), address: 'é'.repeat(151) },
    ]);
    expect(script.core.members).toHaveLength(1);
  });
});

const someId = fc.constantFrom<NodeId>(self.id, a.id, b.id, peer(3).id, peer(4).id, peer(1000).id);
const someAddress = fc.constantFrom(
  '',
  self.address,
  a.address,
  b.address,
  '10.0.0.3:5000',
  'elsewhere:1',
  'x'.repeat(301),
);
const someNumber = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: ownIncarnation - 2, max: ownIncarnation + 3 }),
  fc.constantFrom(-1, 0.5, 2 ** 32 - 1, 2 ** 32, 2 ** 48, Number.MAX_SAFE_INTEGER, NaN),
);
const someUpdate: fc.Arbitrary<MemberUpdate> = fc.record({
  id: someId,
  address: someAddress,
  state: fc.constantFrom('alive', 'suspect', 'dead', 'left'),
  incarnation: someNumber,
  durable: fc.boolean(),
  accusers: fc.array(someId, { maxLength: 8 }),
});
const someUpdates = fc.array(someUpdate, { maxLength: 5 });
const someMessage: fc.Arbitrary<MembershipDatagram> = fc.oneof(
  fc.record({ kind: fc.constant('ping'), from: someId, target: someId, nonce: someNumber, updates: someUpdates }),
  fc.record({ kind: fc.constant('gossip'), from: someId, updates: someUpdates }),
  fc.record({ kind: fc.constant('ping-nack'), from: someId, nonce: someNumber }),
  fc.record({
    kind: fc.constant('ping-ack'),
    from: someId,
    nonce: someNumber,
    nowMs: someNumber,
    observed: someAddress,
    updates: someUpdates,
  }),
  fc.record({
    kind: fc.constant('ping-request'),
    from: someId,
    target: someId,
    targetAddress: someAddress,
    nonce: someNumber,
    updates: someUpdates,
  }),
);
type Step = (script: Script) => void;
const someStep: fc.Arbitrary<Step> = fc.oneof(
  fc.integer({ min: 0, max: 3000 }).map(
    (forMs): Step =>
      (script) =>
        script.pass(forMs),
  ),
  fc.tuple(someAddress, someMessage).map(
    ([from, message]): Step =>
      (script) =>
        script.hear(from, message),
  ),
  // Acknowledges the last ping, as whoever.
  fc.tuple(someId, someUpdates).map(([from, updates]): Step => (script) => {
    const ping = script.sent('ping').at(-1);
    if (ping === undefined) return;
    const { nonce } = ping.message;
    script.hear(ping.to, { kind: 'ping-ack', from, nonce, nowMs: 0, observed: 'me:1', updates });
  }),
  fc
    .tuple(someAddress, someId, someNumber, someUpdates)
    .map(([address, from, incarnation, members]): Step => (script) => {
      script.request(address, {
        kind: 'roster-exchange',
        from,
        incarnation,
        advertise: address,
        members,
        durable: true,
        after: '',
      });
    }),
  fc.tuple(someAddress, someId, someNumber).map(([address, from, incarnation]): Step => (script) => {
    script.request(address, { kind: 'leave', from, incarnation });
  }),
  // Answers the last request, as whoever.
  fc.tuple(someId, someNumber, someUpdates, someId).map(([from, incarnation, members, next]): Step => (script) => {
    const request = script.requests().at(-1);
    if (request === undefined) return;
    const message = { kind: 'roster', from, incarnation, observed: 'me:2', members, next, durable: true } as const;
    script.tell({ type: 'answered', exchange: request.exchange, message });
  }),
  fc.constantFrom('link-down', 'link-restarted').chain((type) =>
    someAddress.map(
      (address): Step =>
        (script) =>
          script.tell({ type, address }),
    ),
  ),
);

describe('whatever comes in, in whatever order', () => {
  it('the invariants hold', () => {
    fc.assert(
      fc.property(fc.array(someStep, { maxLength: 60 }), (steps) => {
        const script = new Script({ settings: { maxMembers: 4 } });
        let incarnation = ownIncarnation;
        for (const step of steps) {
          step(script);
          const { members } = script.core;
          expect(members.length).toBeLessThanOrEqual(4);
          expect(members.every(({ id }) => id !== self.id && isNodeId(id))).toBe(true);
          expect(script.core.incarnation).toBeGreaterThanOrEqual(incarnation);
          incarnation = script.core.incarnation;
          const deadlineMs = script.core.deadline();
          if (deadlineMs !== undefined) expect(Number.isFinite(deadlineMs)).toBe(true);
          for (const { id, address } of members) {
            const holder = script.core.idOf(address);
            if (holder !== undefined) expect(holder).toBe(id);
          }
          script.tell({ type: 'tick' });
          expect(script.core.deadline() ?? Infinity).toBeGreaterThanOrEqual(script.nowMs);
        }
      }),
      { numRuns: 300 },
    );
  });
});
