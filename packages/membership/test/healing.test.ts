import { describe, expect, it } from 'vitest';
import type { Roster as RosterPage } from '@simpledht/wire';
import { ownIncarnation, ownWord, peer, Script, self, update, type Peer, type Timed } from './script.ts';

const [a, b, c] = [peer(1), peer(2), peer(3)];
/** A page without members: who is there, in a later incarnation. */
function greeting({ id }: Peer): RosterPage {
  return { kind: 'roster', from: id, incarnation: 2, observed: '', members: [], durable: true, next: '' };
}

const quiet = { probeIntervalMs: 1e9, suspicionMultiplier: 1e-9, redialFirstMs: 2000 };

/** A is held dead and dialled; this one answers there. */
function answeredBy(who: Peer): Script {
  const script = new Script({ settings: quiet }).meet(a, b);
  script
    .gossip(b, [update(a, 'dead')])
    .pass(5)
    .take();
  const [dial] = script.pass(5000).requests();
  script.tell({ type: 'answered', exchange: dial?.exchange ?? 0, message: greeting(who) });
  return script;
}

describe('the dead', () => {
  it('are dialled soon, then every 30 to 55 s for ever, and told that they are dead', () => {
    const script = new Script({ settings: quiet }).meet(a, b);
    script.gossip(b, [update(a, 'dead')]).pass(5);
    expect(script.stateOf(a)).toBe('dead');
    script.take();
    const dials = script
      .pass(3_600_000)
      .requests()
      .filter(({ to }) => to === a.address);
    expect(dials[0]?.atMs).toBeLessThan(4100);
    expect(dials.length).toBeGreaterThan(3_600_000 / 56_000);
    const gaps = dials.slice(1).map(({ atMs }, index) => atMs - (dials[index]?.atMs ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(55_000);
    expect(Math.min(...gaps.slice(4))).toBeGreaterThanOrEqual(30_000);
    // A greeting, with what it may have to refute: no roster is told to who is not there.
    expect(dials[9]?.message).toMatchObject({ members: [update(a, 'dead')], after: 'f'.repeat(32) });
  });

  it('are asked for the roster when they answer, but few when many do: not each for each when halves meet', () => {
    const others = Array.from({ length: 60 }, (_, index) => peer(index + 10));
    const script = new Script({ settings: quiet }).meet(b, ...others);
    script
      .gossip(
        b,
        others.map((other) => update(other, 'dead')),
      )
      .pass(5)
      .take();
    const rosters: Timed[] = [];
    const answer = (dials: readonly Timed[]): void => {
      for (const dial of dials) {
        if (dial.type !== 'request' || dial.message.kind !== 'roster-exchange') continue;
        const from = others.find(({ address }) => address === dial.to) ?? b;
        if (dial.message.after === '') rosters.push(dial);
        script.tell({ type: 'answered', exchange: dial.exchange, message: greeting(from) });
      }
    };
    while (script.nowMs < 10_000) answer(script.pass(50).requests());
    expect(script.core.members.filter(({ state }) => state === 'alive')).toHaveLength(61);
    // One at once; and the comparison that is due anyway, earlier than else.
    expect(rosters).toHaveLength(2);
    expect((rosters[1]?.atMs ?? 0) - (rosters[0]?.atMs ?? 0)).toBeGreaterThan(2000);
  });

  it('are all dialled soon when one of them answers', () => {
    const others = Array.from({ length: 40 }, (_, index) => peer(index + 10));
    const script = new Script({ settings: quiet }).meet(b, ...others);
    const deaths = others.map((other) => update(other, 'dead'));
    script.gossip(b, deaths).pass(600_000).take();
    const [first] = script.pass(60_000).requests().slice(-1);
    script.tell({ type: 'answered', exchange: first?.exchange ?? 0, message: greeting(others[39] ?? b) });
    script.take();
    const dialled = script.pass(39 * 50 + 100).requests();
    // All but those whose last dial waits for its answer.
    expect(new Set(dialled.map(({ to }) => to)).size).toBeGreaterThan(33);
  });

  it('are asked for the roster also if somebody else is there by now', () => {
    const script = answeredBy(c);
    expect(script.stateOf(a)).toBeUndefined();
    expect(script.requests()).toMatchObject([
      { to: a.address, message: { members: [update(b), update({ ...c, address: a.address }, 'alive', 2)], after: '' } },
    ]);
  });

  it('are alive again by one answer', () => {
    const script = answeredBy(a);
    expect(script.notices()).toMatchObject([{ type: 'peer-joined', member: { id: a.id, incarnation: 2 } }]);
    const greetings = script
      .pass(25_000)
      .requests()
      .filter(({ message }) => 'after' in message && message.after !== '');
    expect(greetings).toEqual([]);
  });

  it('are forgotten after a week', () => {
    const script = new Script({ settings: { ...quiet, forgetAfterMs: 60_000 } }).meet(a, b);
    script.gossip(b, [update(a, 'dead'), update(c, 'left')]).pass(5);
    expect(script.core.members).toHaveLength(3);
    script.pass(120_000);
    expect(script.core.members.map(({ id }) => id)).toEqual([b.id]);
  });

  it('are forgotten after ten minutes if their data was in their memory, and not learned anew', () => {
    const script = new Script({ settings: quiet }).meet(b).gossip(b, [update(a)]);
    // Its own word counts, not what it was said to be.
    script.gossip(a, [{ ...ownWord(a), durable: false }]).gossip(c, [ownWord(c)]);
    script.gossip(b, [update(a, 'dead'), update(c, 'dead')]).pass(590_000);
    expect(script.stateOf(a)).toBe('dead');
    script.take();
    script.pass(60_000);
    expect(script.stateOf(a)).toBeUndefined();
    expect(script.stateOf(c)).toBe('dead');
    expect(script.notices()).toMatchObject([{ type: 'peer-forgotten', member: { id: a.id } }]);
    // Who forgets later still tells of it.
    script.gossip(b, [update(a, 'dead')]).gossip(b, [update(a, 'left')]);
    expect(script.stateOf(a)).toBeUndefined();
    script.gossip(b, [update(a, 'dead', 2)]);
    expect(script.stateOf(a)).toBe('dead');
  });

  it('are told to have left when somebody declares them gone for good; the living are not', () => {
    const script = new Script({ settings: quiet }).meet(a, b);
    script.tell({ type: 'forget', id: b.id }).tell({ type: 'forget', id: c.id });
    expect(script.stateOf(b)).toBe('alive');
    script.gossip(b, [update(a, 'dead')]).pass(5);
    script.take();
    script.tell({ type: 'forget', id: a.id });
    const effects = script.pass(600_000).take();
    const left = effects.find((effect) => effect.type === 'notice');
    expect(left).toMatchObject({ notice: { type: 'peer-left', reason: 'left', member: { id: a.id } } });
    const told = effects.flatMap((effect) =>
      effect.type === 'send' && 'updates' in effect.message ? effect.message.updates : [],
    );
    expect(told).toContainEqual(update(a, 'left'));
    expect(effects.filter((effect) => 'to' in effect && effect.to === a.address)).toEqual([]);
  });

  it('make room for the living when the table is full, oldest and never met ones first', () => {
    const script = new Script({ settings: { ...quiet, maxMembers: 3 } }).meet(a, b);
    script.gossip(b, [update(a, 'dead')]).pass(5);
    script.gossip(b, [update(c, 'dead')]);
    script.meet(peer(4));
    expect(script.core.members.map(({ id }) => id)).toEqual([a.id, b.id, peer(4).id]);
    script.meet(peer(5));
    expect(script.core.members.map(({ id }) => id)).toEqual([b.id, peer(4).id, peer(5).id]);
    script.meet(peer(6));
    expect(script.core.member(peer(6).id)).toBeUndefined();
    expect(script.core.counters['roster-full']).toBe(1);
  });
});

describe('members of an earlier life', () => {
  it('are dialled at once, told to nobody, and join when they answer', () => {
    const script = new Script({ settings: quiet });
    script.tell({ type: 'recall', members: [update(a), update(b, 'left'), update(self, 'alive', 5)] });
    expect(script.core.members).toMatchObject([
      { id: a.id, state: 'dead' },
      { id: b.id, state: 'left' },
    ]);
    expect(script.notices()).toEqual([]);
    const [dial, ...others] = script.pass(4100).requests();
    expect(others).toEqual([]);
    expect(dial).toMatchObject({ to: a.address, message: { members: [update(a, 'dead')] } });
    script.gossip(a, [ownWord(a, 2)]);
    expect(script.stateOf(a)).toBe('alive');
  });

  it('are waited for as long as they have been gone, if they were gone then', () => {
    const hour = 3_600_000;
    const script = new Script({ settings: { ...quiet, forgetAfterMs: 3 * hour } }).pass(hour);
    const members = [update(a), { ...update(b, 'dead'), since: -hour }, { ...update(c, 'dead'), since: 9 * hour }];
    script.tell({ type: 'recall', members: members.map((member) => ({ since: -99 * hour, ...member })) });
    script.pass(1.1 * hour);
    expect(script.core.members.map(({ id }) => id)).toEqual([a.id, c.id]);
    script.pass(2 * hour);
    expect(script.core.members).toEqual([]);
  });

  it('have each been dialled once, and answered or not, when that is told', () => {
    const script = new Script({ settings: quiet });
    script.tell({ type: 'recall', members: [update(a), update(b), update(c, 'left')] });
    const requests = script.pass(200).requests();
    expect(requests.map(({ to }) => to).sort()).toEqual([a.address, b.address]);
    const [first, second] = [a, b].map(({ address }) => requests.find(({ to }) => to === address));
    script.tell({ type: 'failed', exchange: first?.exchange ?? 0, reason: 'timed out' });
    expect(script.notices()).toEqual([]);
    script.tell({ type: 'answered', exchange: second?.exchange ?? 0, message: greeting(b) });
    // It answers the greeting; whom it knows is told before it counts as dialled.
    const [roster] = script.requests();
    const message = { ...greeting(b), members: [update(peer(7))] };
    script.tell({ type: 'answered', exchange: roster?.exchange ?? 0, message });
    expect(script.notices().map(({ type }) => type)).toEqual(['peer-joined', 'recalled']);
    expect(new Script().tell({ type: 'recall', members: [update(c, 'left')] }).notices()).toEqual([
      { type: 'recalled' },
    ]);
  });

  it('are dialled even if they had to go beyond what is believed of others', () => {
    const script = new Script({ settings: quiet });
    script.tell({ type: 'recall', members: [update(a, 'alive', 2 ** 32), update(b, 'alive', 2 ** 48)] });
    expect(script.core.members).toMatchObject([{ id: a.id, state: 'dead', incarnation: 2 ** 32 }]);
    expect(script.pass(4100).requests()).toMatchObject([{ to: a.address }]);
  });
});

describe('leave', () => {
  it('says goodbye to every live member at once, then is silent', () => {
    const script = new Script().meet(a, b, c);
    script.gossip(c, [update(a, 'suspect'), update(peer(4), 'dead')]).take();
    script.tell({ type: 'leave' });
    const requests = script.requests();
    expect(requests.map(({ to }) => to).sort()).toEqual([a.address, b.address, c.address]);
    for (const { message, timeoutMs } of requests) {
      expect(message).toEqual({ kind: 'leave', from: self.id, incarnation: ownIncarnation });
      expect(timeoutMs).toBe(500);
    }
    expect(script.core.departed).toBe(false);
    const [first, second, third] = requests;
    script.tell({ type: 'answered', exchange: first?.exchange ?? 0, message: { kind: 'done' } });
    script.tell({ type: 'failed', exchange: second?.exchange ?? 0, reason: 'timed out' });
    script.gossip(b, [update(self, 'left', ownIncarnation)]);
    script.hear(b.address, { kind: 'ping', from: b.id, target: self.id, nonce: 1, updates: [] });
    expect(script.take()).toEqual([]);
    expect(third).toBeDefined();
    script.pass(10_000);
    expect(script.core.departed).toBe(true);
    expect(script.core.deadline()).toBeUndefined();
  });

  it('answers the goodbye of another that leaves at the same time', () => {
    const script = new Script().meet(a).tell({ type: 'leave' });
    expect(script.request(a.address, { kind: 'leave', from: a.id, incarnation: 1 })).toEqual({ kind: 'done' });
  });

  it('marks who leaves, tells others, and leaves it alone', () => {
    const script = new Script().meet(a, b);
    expect(script.request(a.address, { kind: 'leave', from: a.id, incarnation: 1 })).toEqual({ kind: 'done' });
    const effects = script.pass(300_000).take();
    const notices = effects.flatMap((effect) => (effect.type === 'notice' ? [effect.notice] : []));
    expect(notices[0]).toMatchObject({ type: 'peer-left', reason: 'left', member: { id: a.id } });
    const told = effects.filter(
      (effect) =>
        effect.type === 'send' &&
        'updates' in effect.message &&
        effect.message.updates.some(({ state }) => state === 'left'),
    );
    expect(told.length).toBeGreaterThan(0);
    expect(effects.filter((effect) => 'to' in effect && effect.to === a.address)).toEqual([]);
  });

  it('brings back who left only by a higher incarnation', () => {
    const script = new Script().meet(a, b);
    script.request(a.address, { kind: 'leave', from: a.id, incarnation: 1 });
    script.gossip(b, [update(a), update(a, 'suspect')]);
    expect(script.stateOf(a)).toBe('left');
    script.gossip(a, [ownWord(a, 2)]);
    expect(script.stateOf(a)).toBe('alive');
  });

  it('takes a goodbye from the address of who says it, at whatever incarnation', () => {
    const script = new Script().meet(a, b);
    // Others made it out to be at 5, which it has not heard and will not outbid.
    script.gossip(b, [update(a, 'suspect', 5)]);
    script.request(a.address, { kind: 'leave', from: a.id, incarnation: 1 });
    expect(script.core.member(a.id)).toMatchObject({ state: 'left', incarnation: 5 });
  });

  it.each([4, 5, 6])(
    'takes a goodbye from elsewhere for a suspicion, unless it is an old one: at %i',
    (incarnation) => {
      const script = new Script().meet(a, b);
      script.gossip(a, [ownWord(a, 5)]);
      script.request(b.address, { kind: 'leave', from: a.id, incarnation });
      expect(script.stateOf(a)).toBe(incarnation < 5 ? 'alive' : 'suspect');
    },
  );
});

describe('the dead that were forgotten', () => {
  const settings = { ...quiet, forgetAfterMs: 3_600_000, forgetVolatileAfterMs: 60_000 };

  /** These have died, were forgotten, and are asked for where they were. */
  function forgotten(...peers: readonly Peer[]): Script {
    const script = new Script({ settings }).meet(b);
    for (const who of peers) script.gossip(who, [{ ...ownWord(who), durable: false }]);
    for (const who of peers) script.gossip(b, [update(who, 'dead')]);
    script.pass(150_000);
    expect(script.core.members.map(({ id }) => id)).toEqual([b.id]);
    script.take();
    return script;
  }

  function dialsOf(script: Script, durationMs: number, who: Peer = a): ReturnType<Script['requests']> {
    return script
      .pass(durationMs)
      .requests()
      .filter(({ to }) => to === who.address);
  }

  it('are greeted where they were, like strangers', () => {
    const dials = dialsOf(forgotten(a), 600_000);
    expect(dials.length).toBeGreaterThan(600_000 / 56_000);
    expect(dials[0]?.message).toMatchObject({ kind: 'roster-exchange', members: [], after: 'f'.repeat(32) });
  });

  it('are given up after as long again as the durable dead are remembered', () => {
    const script = forgotten(a);
    expect(dialsOf(script, 3_600_000).length).toBeGreaterThan(60);
    script.take();
    expect(dialsOf(script, 3_600_000)).toEqual([]);
  });

  it('are asked for their roster when they answer, and then like any other', () => {
    const script = forgotten(a);
    let [dial] = dialsOf(script, 0);
    for (let second = 0; dial === undefined && second < 60; second++) [dial] = dialsOf(script, 1000);
    script.take();
    script.tell({ type: 'answered', exchange: dial?.exchange ?? 0, message: greeting(a) });
    const [asked] = script.requests();
    expect(asked).toMatchObject({ to: a.address, message: { kind: 'roster-exchange', after: '' } });
    const members = [ownWord(a, 2)];
    script.tell({ type: 'answered', exchange: asked?.exchange ?? 0, message: { ...greeting(a), members } });
    expect(script.stateOf(a)).toBe('alive');
    script.take();
    const greetings = dialsOf(script, 600_000).filter(({ message }) => 'after' in message && message.after !== '');
    expect(greetings).toEqual([]);
  });

  it('are not asked for any more when they spoke first', () => {
    const script = forgotten(a).gossip(a, [ownWord(a, 2)]);
    script.take();
    const greetings = dialsOf(script, 600_000).filter(({ message }) => 'after' in message && message.after !== '');
    expect(greetings).toEqual([]);
  });

  it('are 64 at most, dialled once in 4 to 8 s together', () => {
    const many = Array.from({ length: 70 }, (_, index) => peer(index + 10));
    const script = forgotten(...many);
    const dials = script.pass(1_800_000).requests();
    const places = new Set(dials.map(({ to }) => to).filter((to) => to !== b.address));
    expect(places.size).toBe(64);
    expect(dials.filter(({ to }) => to !== b.address).length / 1_800).toBeLessThan(1 / 5);
  });
});
