import { encodeMessage, type MemberUpdate } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { accused, ownIncarnation, ownWord, peer, Script, self, update } from './script.ts';

const [a, b, c, d] = [peer(1), peer(2), peer(3), peer(4)];

/** What is said of a peer in everything that is sent within a time. */
function said(script: Script, id: string, forMs: number): MemberUpdate[] {
  script.pass(forMs);
  return script.take().flatMap((effect) => {
    const updates = effect.type === 'send' && 'updates' in effect.message ? effect.message.updates : [];
    return updates.filter((one) => one.id === id);
  });
}

describe('precedence (SWIM §4.2)', () => {
  it.each([
    ['alive', 1, 'alive', 2, 'alive', 2],
    ['alive', 2, 'alive', 1, 'alive', 2],
    ['alive', 1, 'suspect', 1, 'suspect', 1],
    ['alive', 2, 'suspect', 1, 'alive', 2],
    ['suspect', 1, 'alive', 1, 'suspect', 1],
    ['suspect', 1, 'alive', 2, 'alive', 2],
    ['alive', 1, 'left', 1, 'left', 1],
    ['left', 1, 'alive', 1, 'left', 1],
    ['left', 1, 'dead', 1, 'left', 1],
    ['left', 1, 'alive', 2, 'alive', 2],
  ] as const)('%s %i, then %s %i: %s %i', (first, at, second, then, state, incarnation) => {
    const script = new Script().meet(b);
    script.gossip(b, [update(a, first, at)]);
    script.gossip(b, [update(a, second, then)]);
    expect(script.core.member(a.id)).toMatchObject({ state, incarnation });
  });

  it('makes a suspect of whom others call dead, so that it can refute', () => {
    const script = new Script().meet(a, b);
    script.gossip(b, [update(a, 'dead')]);
    expect(script.stateOf(a)).toBe('suspect');
    script.gossip(a, [ownWord(a, 2)]);
    expect(script.notices()).toMatchObject([
      { type: 'peer-suspect' },
      { type: 'peer-alive', member: { incarnation: 2 } },
    ]);
  });

  it('gives a suspect its whole time again when it refuted in between', () => {
    const script = new Script({ settings: { probeIntervalMs: 1000, probeTimeoutMs: 500 } }).meet(a, b);
    script.gossip(b, [update(a, 'suspect', 1)]).pass(3000);
    script.gossip(b, [update(a, 'suspect', 2)]).pass(3900);
    expect(script.stateOf(a)).toBe('suspect');
    script.pass(200);
    expect(script.stateOf(a)).toBe('dead');
  });

  it('takes no word of a member but that it is alive for its own', () => {
    const script = new Script();
    script.gossip(a, [{ ...ownWord(a), state: 'dead' }]).gossip(a, [{ ...ownWord(a), state: 'suspect' }]);
    expect(script.core.members).toEqual([]);
  });

  it('keeps a stranger that is told dead as dead, and tells nobody of it', () => {
    const script = new Script().meet(b, c);
    script.gossip(b, [update(a, 'dead')]);
    expect(script.stateOf(a)).toBe('dead');
    expect(script.notices()).toEqual([]);
    expect(said(script, a.id, 5000)).toEqual([]);
  });
});

describe('refutation', () => {
  it.each(['suspect', 'dead', 'left'] as const)('outbids "%s" at once and spreads it', (state) => {
    const script = new Script().meet(a, b);
    script.gossip(a, [update(self, state, ownIncarnation + 5)]);
    expect(script.core.incarnation).toBe(ownIncarnation + 6);
    const words = said(script, self.id, 1000);
    expect(words.length).toBeGreaterThan(3);
    for (const word of words) expect(word).toEqual(ownWord(self, ownIncarnation + 6));
  });

  it('ignores what accuses an earlier incarnation', () => {
    const script = new Script().meet(a);
    script.gossip(a, [update(self, 'dead', ownIncarnation - 1)]);
    expect(script.core.incarnation).toBe(ownIncarnation);
  });

  it('tells a suspect of the suspicion in every ping and acknowledgement (Lifeguard, buddy system)', () => {
    const script = new Script().meet(a, b);
    script.gossip(b, [update(a, 'suspect')]);
    script.take();
    script.hear(a.address, { kind: 'ping', from: a.id, target: self.id, nonce: 1, updates: [ownWord(a)] });
    const [ack] = script.sent('ping-ack');
    expect(ack?.message.updates).toContainEqual(update(a, 'suspect'));
    script.tell({ type: 'link-down', address: a.address });
    expect(script.sent('ping')[0]?.message.updates).toContainEqual(update(a, 'suspect'));
  });

  it('tells the dead that they are dead, at most once a second', () => {
    const script = new Script().meet(a, b);
    script.gossip(b, [update(a, 'suspect')]).pass(20_000);
    expect(script.stateOf(a)).toBe('dead');
    script.take();
    for (let count = 0; count < 10; count++) script.gossip(a, [ownWord(a)]);
    const told = script.sent('ping').filter(({ to }) => to === a.address);
    expect(told).toHaveLength(1);
    expect(told[0]?.message.updates).toContainEqual(accused(a, 'dead', [self]));
    script.acknowledge(a, told[0]?.message.nonce ?? 0, [ownWord(a, 2)]);
    expect(script.stateOf(a)).toBe('alive');
  });
});

describe('gossip', () => {
  it('spreads a newcomer to everyone, then falls silent', () => {
    const script = new Script({ settings: { probeIntervalMs: 1e9 } }).meet(a, b, c);
    script.pass(60_000).take();
    script.gossip(d, [ownWord(d)]);
    const words = said(script, d.id, 10_000);
    // 4 · ⌈log10(5 + 1)⌉, some of them perhaps in what went to itself.
    expect(words.length).toBeLessThanOrEqual(4);
    expect(words.length).toBeGreaterThanOrEqual(3);
    for (const word of words) expect(word).toEqual(update(d));
    expect(said(script, d.id, 10_000)).toEqual([]);
  });

  it('goes to three peers every 200 ms while there is news', () => {
    const peers = Array.from({ length: 20 }, (_, index) => peer(index + 1));
    const script = new Script({ settings: { probeIntervalMs: 1e9 } }).meet(...peers);
    const times = script
      .pass(1000)
      .sent('gossip')
      .map(({ atMs }) => atMs);
    const rounds = [...new Set(times)];
    for (const round of rounds) expect(times.filter((atMs) => atMs === round)).toHaveLength(3);
    for (const [index, round] of rounds.entries()) {
      if (index > 0) expect(round - (rounds[index - 1] ?? 0)).toBeCloseTo(200);
    }
  });

  it('is not passed on before this node has met the member', () => {
    const script = new Script({ settings: { probeIntervalMs: 1e9 } }).meet(a, b);
    script.pass(60_000).take();
    script.gossip(a, [update(c)]);
    expect(script.stateOf(c)).toBe('alive');
    expect(said(script, c.id, 200)).toEqual([]);
    script.gossip(c, [ownWord(c)]);
    expect(said(script, c.id, 2000).length).toBeGreaterThan(0);
  });

  it('is silent of a member from when on it is said to be where this node has not met it', () => {
    const script = new Script({ settings: { probeIntervalMs: 1e9, suspicionMultiplier: 1e-9 } }).meet(a, b, c);
    script
      .gossip(b, [update(a, 'dead')])
      .pass(5)
      .take();
    script.gossip(b, [update({ ...a, address: '10.9.9.9:1' }, 'alive', 2)]);
    expect(script.core.member(a.id)).toMatchObject({ state: 'alive', address: '10.9.9.9:1' });
    expect(said(script, a.id, 2000)).toEqual([]);
  });

  it('fits 1000 bytes, and 64 members, however much there is to say', () => {
    const peers = Array.from({ length: 200 }, (_, index) => peer(index + 1));
    const script = new Script().meet(...peers);
    const messages = script.pass(3000).sent('gossip');
    expect(messages.length).toBeGreaterThan(10);
    for (const { message } of messages) {
      expect(encodeMessage(message).length).toBeLessThanOrEqual(1000);
      expect(message.updates.length).toBeLessThanOrEqual(64);
      expect(message.updates[0]).toEqual(ownWord(self, ownIncarnation));
    }
  });
});
