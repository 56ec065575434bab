import type { MembershipReply } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import type { MembershipNotice } from '@simpledht/membership';
import { accused, ownIncarnation, peer, Script, self, update, type Peer } from './script.ts';

const [a, b, c] = [peer(1), peer(2), peer(3)];
const name = 'seed.example:5000';

function roster(from: Peer, rest: Partial<Extract<MembershipReply, { kind: 'roster' }>> = {}): MembershipReply {
  return { kind: 'roster', from: from.id, incarnation: 1, observed: '', members: [], durable: true, next: '', ...rest };
}

/** Resolves the name to these addresses whenever it is asked for, lets every dial fail after 2 s; gives dial times and notices. */
function failFor(
  script: Script,
  forMs: number,
  addresses: readonly string[],
): { dialsMs: number[]; notices: MembershipNotice[] } {
  const dialsMs: number[] = [];
  const notices: MembershipNotice[] = [];
  const open: { exchange: number; atMs: number }[] = [];
  for (const endMs = script.nowMs + forMs; script.nowMs < endMs; script.pass(10)) {
    for (const { exchange } of open.filter(({ atMs }) => atMs + 2000 <= script.nowMs).splice(0)) {
      script.tell({ type: 'failed', exchange, reason: 'timed out' });
    }
    for (const effect of script.take()) {
      if (effect.type === 'resolve') script.tell({ type: 'resolved', name: effect.name, addresses });
      if (effect.type === 'notice') notices.push(effect.notice);
      if (effect.type !== 'request') continue;
      dialsMs.push(effect.atMs);
      open.push(effect);
    }
  }
  return { dialsMs, notices };
}

describe('bootstrap', () => {
  it.each(['before it resolves', 'while it is dialled', 'while it waits'])('forgets a name for good %s', (when) => {
    const script = new Script();
    script.tell({ type: 'join', name });
    script.take();
    if (when !== 'before it resolves') script.tell({ type: 'resolved', name, addresses: [a.address] });
    const [request] = script.requests();
    if (when === 'while it waits' && request !== undefined)
      script.tell({ type: 'failed', exchange: request.exchange, reason: 'timed out' });
    script.take();
    script.tell({ type: 'unjoin', name });
    script.tell({ type: 'resolved', name, addresses: [b.address] });
    if (when === 'while it is dialled' && request !== undefined)
      script.tell({ type: 'failed', exchange: request.exchange, reason: 'timed out' });
    script.pass(3_600_000);
    expect(script.take()).toEqual([]);
  });

  it('dials all addresses of the name at once with its whole roster; one answer is enough', () => {
    const script = new Script().meet(c);
    script.tell({ type: 'join', name });
    expect(script.take()).toMatchObject([{ type: 'resolve', name }]);
    script.tell({ type: 'resolved', name, addresses: [a.address, b.address, a.address] });
    const requests = script.requests();
    expect(requests).toMatchObject([
      {
        to: a.address,
        timeoutMs: 2000,
        message: { from: self.id, incarnation: ownIncarnation, members: [update(c)], after: '' },
      },
      { to: b.address },
    ]);
    script.tell({
      type: 'answered',
      exchange: requests[1]?.exchange ?? 0,
      message: roster(b, { members: [update(peer(9))] }),
    });
    expect(script.notices()).toMatchObject([
      { type: 'peer-joined', member: { id: b.id, address: b.address } },
      { type: 'peer-joined', member: { id: peer(9).id } },
      { type: 'bootstrapped', name, via: b.id },
    ]);
    script.tell({ type: 'failed', exchange: requests[0]?.exchange ?? 0, reason: 'timed out' });
    expect(script.notices()).toEqual([]);
  });

  it('tries three times with backoff, reports, and goes on in the background for ever', () => {
    const script = new Script().tell({ type: 'join', name });
    const first = failFor(script, 10_000, [a.address]);
    expect(first.notices).toEqual([
      { type: 'bootstrap-retry', name, attempt: 1, of: 3, reason: 'timed out' },
      { type: 'bootstrap-retry', name, attempt: 2, of: 3, reason: 'timed out' },
      { type: 'bootstrap-failed', name, reason: 'timed out' },
    ]);
    const [one = 0, two = 0, three = 0] = first.dialsMs;
    expect(two - one).toBeGreaterThanOrEqual(2000 + 375);
    expect(two - one).toBeLessThanOrEqual(2000 + 520);
    expect(three - two).toBeGreaterThanOrEqual(2000 + 750);
    expect(three - two).toBeLessThanOrEqual(2000 + 1020);
    const later = failFor(script, 600_000, [b.address]);
    expect(later.notices).toEqual([]);
    expect(later.dialsMs.length).toBeGreaterThanOrEqual(600_000 / 62_100);
    const gaps = later.dialsMs.slice(1).map((atMs, index) => atMs - (later.dialsMs[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(62_100);
    expect(gaps.at(-1)).toBeGreaterThan(40_000);
  });

  it('reports the first success in the background', () => {
    const script = new Script().tell({ type: 'join', name });
    failFor(script, 60_000, [a.address]);
    script.pass(60_000);
    expect(script.core.isSearching).toBe(true);
    script.tell({ type: 'resolved', name, addresses: [b.address] });
    const request = script.requests().find(({ to }) => to === b.address);
    script.tell({ type: 'answered', exchange: request?.exchange ?? 0, message: roster(b) });
    expect(script.notices()).toContainEqual({ type: 'bootstrapped', name, via: b.id });
    expect(script.core.isSearching).toBe(false);
  });

  it('counts a name that does not resolve, or not in time, as a failed attempt', () => {
    const script = new Script().tell({ type: 'join', name });
    script.tell({ type: 'unresolved', name, reason: 'ENOTFOUND' });
    expect(script.notices()).toMatchObject([{ type: 'bootstrap-retry', attempt: 1, reason: 'ENOTFOUND' }]);
    script.pass(500).take();
    script.pass(2001);
    expect(script.notices()).toMatchObject([{ type: 'bootstrap-retry', attempt: 2, reason: 'timed out' }]);
    script.tell({ type: 'resolved', name, addresses: [a.address] });
    expect(script.requests()).toHaveLength(1);
  });

  it('recognises itself by its id', () => {
    const script = new Script().tell({ type: 'join', name });
    script.tell({ type: 'resolved', name, addresses: [self.address] });
    const [request] = script.requests();
    if (request === undefined) throw new Error('no request');
    const reply = script.request(self.address, request.message);
    if (reply === undefined) throw new Error('no reply');
    script.tell({ type: 'answered', exchange: request.exchange, message: reply });
    expect(script.notices()).toEqual([{ type: 'self-bootstrap', name }]);
    expect(script.core.isSearching).toBe(false);
    expect(script.core.members).toEqual([]);
    expect(script.pass(50_000).notices()).toEqual([]);
  });

  it('takes another process with its id for what it is', () => {
    const script = new Script().tell({ type: 'join', name });
    script.tell({ type: 'resolved', name, addresses: [a.address] });
    const [request] = script.requests();
    const message = roster({ id: self.id, address: a.address }, { incarnation: 5 });
    script.tell({ type: 'answered', exchange: request?.exchange ?? 0, message });
    expect(script.notices()).toContainEqual({ type: 'identity-conflict', address: a.address, incarnation: 5 });
  });

  it('dials the name again while a member is dead', () => {
    const script = new Script().tell({ type: 'join', name });
    script.tell({ type: 'resolved', name, addresses: [a.address] });
    const [request] = script.requests();
    script.tell({
      type: 'answered',
      exchange: request?.exchange ?? 0,
      message: roster(a, { members: [update(c, 'dead')] }),
    });
    script.take();
    const resolves = script
      .pass(3000)
      .take()
      .filter(({ type }) => type === 'resolve');
    expect(resolves).toHaveLength(1);
  });

  it('dials the name again when a member dies later: it may lead to the other half', () => {
    const script = new Script({ settings: { probeIntervalMs: 1e9, suspicionMultiplier: 1e-9 } });
    script
      .meet(b)
      .tell({ type: 'join', name })
      .tell({ type: 'resolved', name, addresses: [a.address] });
    const [request] = script.requests();
    script.tell({ type: 'answered', exchange: request?.exchange ?? 0, message: roster(a) });
    const resolves = (): number => script.take().filter(({ type }) => type === 'resolve').length;
    script.pass(300_000);
    expect(resolves()).toBe(0);
    script.gossip(a, [update(b, 'dead')]).pass(3000);
    expect(script.stateOf(b)).toBe('dead');
    expect(resolves()).toBe(1);
  });

  it('refuses more than 64 names', () => {
    const script = new Script();
    for (let count = 0; count < 65; count++) script.tell({ type: 'join', name: `seed-${String(count)}:1` });
    expect(script.notices()).toMatchObject([{ type: 'bootstrap-failed', name: 'seed-64:1' }]);
  });

  it('survives a shell that forgets to report', () => {
    const script = new Script().tell({ type: 'join', name });
    script.tell({ type: 'resolved', name, addresses: [a.address] }).take();
    script.pass(3001);
    expect(script.notices()).toMatchObject([{ type: 'bootstrap-retry', attempt: 1 }]);
  });
});

describe('roster exchange', () => {
  const many = Array.from({ length: 150 }, (_, index) => peer(index + 1));

  it('goes page by page, both ways, until both are done', () => {
    const asker = new Script();
    for (const other of many.slice(0, 100)) asker.meet(other);
    const server = peer(254);
    const answerer = new Script({ id: server.id });
    for (const other of many.slice(60)) answerer.meet(other);
    asker.take();
    asker.tell({ type: 'link-restarted', address: server.address });
    let rounds = 0;
    for (let [request] = asker.requests(); request !== undefined; [request] = asker.requests()) {
      expect(request.message.kind === 'roster-exchange' && request.message.members.length).toBeLessThanOrEqual(64);
      const message = answerer.request(self.address, request.message);
      if (message === undefined) throw new Error('no reply');
      asker.tell({ type: 'answered', exchange: request.exchange, message });
      rounds++;
    }
    // The asker learns of more while it tells.
    expect(rounds).toBeLessThanOrEqual(3);
    for (const other of many) {
      expect(asker.stateOf(other)).toBe('alive');
      expect(answerer.stateOf(other)).toBe('alive');
    }
    expect(answerer.stateOf(self)).toBe('alive');
  });

  it('ends although the other side always has one page more', () => {
    const script = new Script();
    script.tell({ type: 'link-restarted', address: a.address });
    let rounds = 0;
    for (let [request] = script.requests(); request !== undefined && rounds < 1000; [request] = script.requests()) {
      const next = peer(1000 + ++rounds).id;
      script.tell({ type: 'answered', exchange: request.exchange, message: roster(a, { next }) });
    }
    expect(rounds).toBeLessThan(100);
  });

  it('ends when the other side repeats its page', () => {
    const script = new Script();
    script.tell({ type: 'link-restarted', address: a.address });
    for (let rounds = 0; rounds < 2; rounds++) {
      const [request] = script.requests();
      expect(request).toBeDefined();
      script.tell({ type: 'answered', exchange: request?.exchange ?? 0, message: roster(a, { next: c.id }) });
    }
    expect(script.requests()).toEqual([]);
  });

  it('tells the asker that it is held dead, and learns at once that it is not', () => {
    const script = new Script().meet(a, b);
    script.gossip(b, [update(a, 'dead')]).pass(60_000);
    expect(script.stateOf(a)).toBe('dead');
    script.take();
    const exchange = {
      kind: 'roster-exchange',
      from: a.id,
      advertise: '',
      members: [],
      durable: true,
      after: '',
    } as const;
    const reply = script.request(a.address, { ...exchange, incarnation: 1 });
    expect(reply).toMatchObject({
      kind: 'roster',
      observed: a.address,
      members: [accused(a, 'dead', [self]), expect.anything(), expect.anything()],
    });
    script.request(a.address, { ...exchange, incarnation: 2 });
    expect(script.stateOf(a)).toBe('alive');
  });

  it('happens with one member every 30 s', () => {
    const script = new Script({ settings: { probeIntervalMs: 1e9 } }).meet(a, b);
    const count = script
      .pass(600_000)
      .requests()
      .filter(({ message }) => message.kind === 'roster-exchange').length;
    expect(count).toBeGreaterThanOrEqual(16);
    expect(count).toBeLessThanOrEqual(26);
  });
});
