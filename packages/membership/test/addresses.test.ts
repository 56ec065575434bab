import { describe, expect, it } from 'vitest';
import { ownIncarnation, ownWord, peer, Script, self, update } from './script.ts';

const [a, b, c] = [peer(1), peer(2), peer(3)];

describe('addresses', () => {
  it('takes the source of a message before what others tell', () => {
    const script = new Script().meet(b);
    script.gossip(b, [update({ ...a, address: '192.168.0.1:5000' })]);
    expect(script.core.idOf('192.168.0.1:5000')).toBeUndefined();
    script.meet(a);
    script.gossip(b, [update({ ...a, address: '192.168.0.1:5000' }, 'alive', 2)]);
    expect(script.core.member(a.id)).toMatchObject({ address: a.address, incarnation: 2 });
    expect(script.core.idOf(a.address)).toBe(a.id);
  });

  it('follows a member that moves', () => {
    const script = new Script().meet(a);
    script.meet({ ...a, address: '10.0.0.9:1' });
    expect(script.core.member(a.id)?.address).toBe('10.0.0.9:1');
    expect(script.core.idOf(a.address)).toBeUndefined();
    expect(script.core.idOf('10.0.0.9:1')).toBe(a.id);
  });

  it('tells of a move, and of two that speak with one id by turns, that at most once a minute', () => {
    const script = new Script().meet(a);
    const there = { ...a, address: '10.0.0.9:1' };
    for (let turn = 0; turn < 4; turn++) script.gossip(there, [ownWord(a)]).gossip(a, [ownWord(a)]);
    const member = { id: a.id };
    const told = script.notices();
    expect(told).toMatchObject([
      { type: 'peer-moved', member: { ...member, address: there.address }, from: a.address },
      { type: 'peer-duplicated', member: { ...member, address: a.address }, other: there.address },
    ]);
    expect(told).toHaveLength(2);
    script
      .gossip(there, [ownWord(a, 9)])
      .stall(59_000)
      .gossip(a, [ownWord(a, 9)]);
    expect(script.notices().filter(({ type }) => type.startsWith('peer-moved'))).toEqual([]);
    script.stall(2000).gossip(there, [ownWord(a, 9)]);
    expect(script.notices().map(({ type }) => type)).toContain('peer-duplicated');
  });

  it('takes a return after a minute for a move', () => {
    const script = new Script().meet(a);
    script
      .gossip({ ...a, address: '10.0.0.9:1' }, [ownWord(a)])
      .stall(61_000)
      .take();
    script.gossip(a, [ownWord(a)]);
    expect(script.notices()).toMatchObject([{ type: 'peer-moved', from: '10.0.0.9:1' }]);
  });

  it('greets a member that is known by hearsay, soon', () => {
    const script = new Script().meet(b);
    script.gossip(b, [update(a)]);
    const greetings = script
      .pass(500)
      .requests()
      .filter(({ to }) => to === a.address);
    expect(greetings).toMatchObject([{ message: { kind: 'roster-exchange', members: [], after: 'f'.repeat(32) } }]);
    const { exchange } = greetings[0] ?? { exchange: 0 };
    const message = {
      kind: 'roster',
      from: a.id,
      incarnation: 1,
      observed: self.address,
      members: [],
      durable: true,
      next: '',
    } as const;
    script.tell({ type: 'answered', exchange, message });
    expect(script.core.idOf(a.address)).toBe(a.id);
    expect(script.notices()).toEqual([{ type: 'observed-address', address: self.address, by: a.id }]);
  });

  it('does not greet who has spoken meanwhile', () => {
    const script = new Script().meet(b);
    script.gossip(b, [update(a)]).meet(a);
    expect(
      script
        .pass(900)
        .requests()
        .filter(({ to }) => to === a.address),
    ).toEqual([]);
  });

  it('looks where a member is said to have returned', () => {
    const script = new Script().meet(a, b);
    script.gossip(b, [update({ ...a, address: '10.0.0.77:1' }, 'alive', 5)]);
    const [greeting] = script.pass(500).requests();
    expect(greeting?.to).toBe('10.0.0.77:1');
    const message = {
      kind: 'roster',
      from: a.id,
      incarnation: 5,
      observed: '',
      members: [],
      durable: true,
      next: '',
    } as const;
    script.tell({ type: 'answered', exchange: greeting?.exchange ?? 0, message });
    expect(script.core.member(a.id)?.address).toBe('10.0.0.77:1');
  });

  it('uses an advertised address once it has answered, and keeps to it until it is suspected', () => {
    const advertised = { ...a, address: 'public:5000' };
    const script = new Script().meet(b);
    const hello = (): void => {
      script.request(a.address, {
        kind: 'roster-exchange',
        from: a.id,
        incarnation: 1,
        advertise: advertised.address,
        members: [],
        durable: true,
        after: '',
      });
    };
    hello();
    expect(script.core.member(a.id)?.address).toBe(a.address);
    script.take();
    const [greeting] = script.pass(500).requests();
    expect(greeting?.to).toBe(advertised.address);
    const message = {
      kind: 'roster',
      from: a.id,
      incarnation: 1,
      observed: '',
      members: [],
      durable: true,
      next: '',
    } as const;
    script.tell({ type: 'answered', exchange: greeting?.exchange ?? 0, message });
    expect(script.core.member(a.id)?.address).toBe(advertised.address);
    hello();
    expect(script.core.member(a.id)?.address).toBe(advertised.address);
    expect(script.core.idOf(a.address)).toBe(a.id);
    expect(script.core.idOf(advertised.address)).toBe(a.id);
    script.gossip(b, [update(a, 'suspect', 1)]);
    script.gossip(a, [ownWord(a, 2)]);
    expect(script.core.member(a.id)).toMatchObject({ address: a.address, state: 'alive' });
  });

  it('says of itself what it advertises', () => {
    const script = new Script({ advertise: 'public:5000' }).meet(a);
    script.hear(a.address, { kind: 'ping', from: a.id, target: self.id, nonce: 1, updates: [] });
    expect(script.sent('ping-ack')[0]?.message.updates[0]).toEqual({
      ...ownWord(self, ownIncarnation),
      address: 'public:5000',
    });
  });
});

describe('a new process at an old address', () => {
  it.each([
    ['with its data', a, 2, ['peer-restarted']],
    ['no new process, as its incarnation shows', a, 1, []],
    ['without its data', c, 2, ['peer-left', 'peer-joined']],
  ] as const)('is told of: %s', (_, answerer, incarnation, notices) => {
    const script = new Script().meet(a, b);
    script.tell({ type: 'link-restarted', address: a.address });
    const [request] = script.requests();
    const message = { kind: 'roster', from: answerer.id, incarnation, observed: '', members: [], next: '' } as const;
    script.tell({ type: 'answered', exchange: request?.exchange ?? 0, message: { ...message, durable: true } });
    expect(script.notices().map(({ type }) => type)).toEqual(notices);
    expect(script.core.idOf(a.address)).toBe(answerer.id);
  });

  const reborn = { id: c.id, address: a.address };

  it('replaces the old one at once', () => {
    const script = new Script().meet(a);
    script.gossip(reborn, [ownWord(reborn)]);
    expect(script.notices()).toMatchObject([
      { type: 'peer-left', reason: 'replaced', member: { id: a.id } },
      { type: 'peer-joined', member: { id: c.id, address: a.address } },
    ]);
    expect(script.core.member(a.id)).toBeUndefined();
    expect(script.core.idOf(a.address)).toBe(c.id);
  });

  it('replaces a dead one, which is not remembered any more', () => {
    const script = new Script().meet(b);
    script.gossip(b, [update(a, 'dead')]);
    script.gossip(reborn, [ownWord(reborn)]);
    expect(script.notices().map(({ type }) => type)).toEqual(['peer-forgotten', 'peer-joined']);
    expect(script.core.member(a.id)).toBeUndefined();
  });

  it('keeps the old one away though others still tell of it', () => {
    const script = new Script().meet(b);
    script.gossip(reborn, [ownWord(reborn)]);
    script.gossip(b, [update(a), update(a, 'dead', 3)]);
    expect(script.core.member(a.id)).toBeUndefined();
  });

  it('is recognised by the acknowledgement of a ping for the old one', () => {
    const script = new Script().meet(a);
    script.tell({ type: 'link-down', address: a.address });
    const [ping] = script.sent('ping');
    script.acknowledge(reborn, ping?.message.nonce ?? 0, [ownWord(reborn)]);
    expect(script.core.members.map(({ id }) => id)).toEqual([c.id]);
  });

  it('is asked who it is when the transport tells of a restart', () => {
    const script = new Script().meet(a);
    script.tell({ type: 'link-restarted', address: a.address });
    expect(script.requests()).toMatchObject([{ to: a.address, message: { kind: 'roster-exchange' } }]);
  });
});

describe('identity', () => {
  it('reports another process with its own id, once a minute', () => {
    const script = new Script();
    const twin = { id: self.id, address: '10.0.0.66:1' };
    script.gossip(twin, [ownWord(twin, 7)]).gossip(twin, [ownWord(twin, 7)]);
    expect(script.notices()).toEqual([{ type: 'identity-conflict', address: twin.address, incarnation: 7 }]);
    script.pass(60_001).gossip(twin, [ownWord(twin, 7)]);
    expect(script.notices()).toHaveLength(1);
    expect(script.core.members).toEqual([]);
  });

  it('outbids an earlier life of its own, and reports a rival that outbids back', () => {
    const script = new Script().meet(a);
    script.gossip(a, [update(self, 'alive', ownIncarnation + 10)]);
    expect(script.core.incarnation).toBe(ownIncarnation + 11);
    expect(script.notices()).toEqual([]);
    script.gossip(a, [update(self, 'alive', ownIncarnation + 12)]);
    expect(script.notices()).toMatchObject([{ type: 'identity-conflict' }]);
  });

  it('answers its own ping, sent to another who is said to be at its own address', () => {
    const script = new Script().meet(b);
    script.gossip(b, [update({ ...a, address: self.address })]).take();
    const ping = script
      .pass(3000)
      .sent('ping')
      .find(({ to }) => to === self.address);
    if (ping === undefined) throw new Error('no ping');
    const [ack] = script.hear(self.address, ping.message).sent('ping-ack');
    if (ack === undefined) throw new Error('no acknowledgement');
    script.hear(self.address, ack.message);
    expect(script.core.member(a.id)).toBeUndefined();
    expect(script.notices().map(({ type }) => type)).toEqual(['peer-left']);
  });

  it('finds out that somebody else is said to be at its own address', () => {
    const script = new Script().meet(b);
    script.gossip(b, [update({ ...a, address: self.address })]);
    const [greeting] = script.pass(500).requests();
    expect(greeting?.to).toBe(self.address);
    const exchange = greeting?.exchange ?? 0;
    const { message } = greeting ?? {};
    if (message === undefined) throw new Error('no greeting');
    const reply = script.request(self.address, message);
    if (reply === undefined) throw new Error('no reply');
    script.tell({ type: 'answered', exchange, message: reply });
    expect(script.core.member(a.id)).toBeUndefined();
    expect(script.notices().map(({ type }) => type)).toEqual(['peer-left']);
    script.gossip(b, [update({ ...a, address: self.address })]);
    expect(script.core.member(a.id)).toBeUndefined();
  });
});
