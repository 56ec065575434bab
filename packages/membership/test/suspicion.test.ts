import { describe, expect, it } from 'vitest';
import type { MemberUpdate } from '@simpledht/wire';
import { accused, ownIncarnation, ownWord, peer, Script, self, type Peer } from './script.ts';

const [a, b, c, d, e] = [peer(1), peer(2), peer(3), peer(4), peer(5)];
const peers = [a, b, c, d, e];

/** Six nodes: Min = 4 s, Max = 24 s, K = 2 (PROTOCOL.md, Suspicion). */
function six(): Script {
  return new Script({ settings: { exchangeIntervalMs: 1e9 } }).meet(...peers);
}

/** Lets time pass while all answer, so that nothing counts but what others tell. Their old word refutes nothing. */
function pass(script: Script, forMs: number, silent?: Peer): Script {
  for (const endMs = script.nowMs + forMs; script.nowMs < endMs; script.pass(10)) {
    for (const ping of script.sent('ping')) {
      const target = peers.find(({ address }) => address === ping.to);
      if (target !== undefined && target !== silent) script.acknowledge(target, ping.message.nonce);
    }
  }
  return script;
}

/** Ms until the member is held dead. */
function lifetime(script: Script): number {
  const startMs = script.nowMs;
  while (script.stateOf(a) === 'suspect') pass(script, 10);
  return script.nowMs - startMs;
}

/** What is said of the member within a second. */
function saidOf(script: Script, id: string): MemberUpdate[] {
  return script
    .pass(1000)
    .take()
    .flatMap((effect) => (effect.type === 'send' && 'updates' in effect.message ? effect.message.updates : []))
    .filter((word) => word.id === id);
}

describe('confirmations (Lifeguard §IV-B)', () => {
  it('are those who say it for themselves: nobody twice, and not the suspect', () => {
    const script = six();
    for (const by of [[b], [b], [b, a]]) script.gossip(c, [accused(a, 'suspect', by)]);
    expect(script.core.member(a.id)?.accusers).toEqual([b.id]);
    script.gossip(c, [accused(a, 'suspect', [c])]).gossip(d, [accused(a, 'suspect', [d, b])]);
    expect(script.core.member(a.id)?.accusers).toEqual([b.id, c.id, d.id]);
    expect(script.core.counters['suspicions-confirmed']).toBe(2);
  });

  it.each([
    { by: [b], lastsMs: 24_000 },
    { by: [b, c], lastsMs: 11_381 },
    { by: [b, c, d], lastsMs: 4000 },
    { by: [b, c, d, e], lastsMs: 4000 },
  ])('$by.length accusers: dead after $lastsMs ms', ({ by, lastsMs }) => {
    const script = six();
    for (const accuser of by) script.gossip(accuser, [accused(a, 'suspect', [accuser])]);
    expect(Math.abs(lifetime(script) - lastsMs)).toBeLessThan(30);
  });

  it('shorten what is left, and end what has lasted long enough', () => {
    const script = six().gossip(b, [accused(a, 'suspect', [b])]);
    pass(script, 6000).gossip(c, [accused(a, 'suspect', [c])]);
    pass(script, 1000);
    expect(script.stateOf(a)).toBe('suspect');
    script.gossip(d, [accused(a, 'suspect', [d])]).pass(0);
    expect(script.stateOf(a)).toBe('dead');
  });

  it('are this node’s own when it asks in vain, too, and are told', () => {
    const script = six().gossip(b, [accused(a, 'suspect', [b])]);
    while (script.core.member(a.id)?.accusers.length === 1) pass(script, 10, a);
    expect(script.core.member(a.id)?.accusers).toEqual([b.id, self.id]);
    script.take();
    expect(saidOf(script, a.id)).toContainEqual(accused(a, 'suspect', [b, self]));
  });

  it('are spread while they shorten something, and not beyond', () => {
    const script = six().gossip(b, [accused(a, 'suspect', [b])]);
    pass(script, 3000).gossip(c, [accused(a, 'suspect', [c])]);
    expect(saidOf(script, a.id)).toContainEqual(accused(a, 'suspect', [b, c]));
    script.gossip(d, [accused(a, 'suspect', [d])]);
    expect(script.core.counters['suspicions-confirmed']).toBe(2);
    script.gossip(e, [accused(a, 'suspect', [e])]);
    expect(script.core.counters['suspicions-confirmed']).toBe(2);
  });

  it('are of one incarnation: after a refutation all begins anew', () => {
    const script = six().gossip(b, [accused(a, 'suspect', [b, c, d])]);
    script.gossip(a, [ownWord(a, 2)]);
    expect(script.core.member(a.id)).toMatchObject({ state: 'alive', accusers: [] });
    script.gossip(b, [accused(a, 'suspect', [c, d], 1)]);
    expect(script.stateOf(a)).toBe('alive');
    script.gossip(b, [accused(a, 'suspect', [b], 2)]);
    expect(script.core.member(a.id)?.accusers).toEqual([b.id]);
    expect(lifetime(script)).toBeGreaterThan(23_000);
  });

  it('are at most eight', () => {
    const many = Array.from({ length: 12 }, (_, index) => peer(index + 10));
    const script = six();
    for (const accuser of many) script.gossip(b, [accused(a, 'suspect', [accuser])]);
    expect(script.core.member(a.id)?.accusers).toHaveLength(8);
  });

  it('are told of whom this node has only heard: what it found itself, without an address', () => {
    const stranger = peer(9);
    const script = six().gossip(b, [accused(stranger, 'suspect', [b])]);
    expect(saidOf(script, stranger.id)).toEqual([]);
    script.take();
    while (script.core.member(stranger.id)?.accusers.length === 1) pass(script, 10);
    const said = saidOf(script, stranger.id);
    expect(said).toContainEqual({ ...accused(stranger, 'suspect', [b, self]), address: '' });
    expect(said.filter(({ address }) => address !== '')).toEqual([]);
    pass(script, 24_000);
    expect(script.stateOf(stranger)).toBe('dead');
  });

  it('without an address are of no stranger, but of whom one knows', () => {
    const script = six().gossip(b, [{ ...accused(peer(9), 'suspect', [b]), address: '' }]);
    expect(script.stateOf(peer(9))).toBeUndefined();
    script.gossip(b, [{ ...accused(a, 'suspect', [b]), address: '' }]);
    expect(script.core.member(a.id)).toMatchObject({ state: 'suspect', address: a.address });
  });

  it('are given also by who holds it dead by now, to who suspects it later', () => {
    const script = six();
    while (script.stateOf(a) !== 'dead') pass(script, 10, a);
    pass(script, 10_000).take();
    // Who knows of this node's finding, or of enough, needs no other.
    script.gossip(b, [accused(a, 'suspect', [self, b])]).gossip(b, [accused(a, 'suspect', [b, c, d])]);
    expect(saidOf(script, a.id)).toEqual([]);
    script.gossip(b, [accused(a, 'suspect', [b])]);
    expect(saidOf(script, a.id)).toContainEqual(
      accused(a, 'dead', script.core.member(a.id)?.accusers.map((id) => ({ id, address: '' })) ?? []),
    );
    expect(script.core.member(a.id)?.accusers).toContain(self.id);
  });

  it('are not given by who holds it dead on the word of others', () => {
    const script = six();
    script.gossip(b, [accused(a, 'suspect', [b, c, d])]);
    pass(script, 30_000).take();
    expect(script.stateOf(a)).toBe('dead');
    script.gossip(b, [accused(a, 'suspect', [b])]);
    expect(saidOf(script, a.id)).toEqual([]);
  });

  it('come with a verdict, which is but a suspicion here', () => {
    const script = six().gossip(b, [accused(a, 'dead', [b, c, d])]);
    expect(script.core.member(a.id)).toMatchObject({ state: 'suspect', accusers: [b.id, c.id, d.id] });
    expect(Math.abs(lifetime(script) - 4000)).toBeLessThan(30);
    expect(script.core.member(a.id)).toMatchObject({ state: 'dead', accusers: [b.id, c.id, d.id] });
  });
});

describe('a suspect', () => {
  it('is asked once more at a half and at three quarters of the least time, whatever time it has', () => {
    const script = six().gossip(b, [accused(a, 'suspect', [b])]);
    const startMs = script.nowMs;
    const timesMs: number[] = [];
    while (script.nowMs - startMs < 3900) {
      script.pass(10);
      for (const { to, atMs, message } of script.sent('ping')) {
        const target = peers.find(({ address }) => address === to);
        if (to === a.address) timesMs.push(atMs - startMs);
        if (target !== undefined) script.acknowledge(target, message.nonce);
      }
    }
    expect(timesMs).toEqual(expect.arrayContaining([2000, 3000]));
  });

  it('that is this node refutes at once, however many accuse it', () => {
    const script = six().gossip(b, [accused(self, 'suspect', [b, c, d], ownIncarnation)]);
    expect(script.core.incarnation).toBe(ownIncarnation + 1);
    expect(saidOf(script, self.id)).toContainEqual(ownWord(self, ownIncarnation + 1));
  });
});
