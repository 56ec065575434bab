import { describe, expect, it } from 'vitest';
import { seeded } from './simulation/schedule.ts';
import { ownWord, peer, Script, self, update, wallMs } from './script.ts';

const [a, b, c, d, e] = [peer(1), peer(2), peer(3), peer(4), peer(5)];

/** Lets time pass until the next ping, and gives it. */
function nextPing(script: Script): { to: string; atMs: number; message: { nonce: number; target: string } } {
  for (let step = 0; step < 3000; step++) {
    const [ping] = script.pass(1).sent('ping');
    if (ping !== undefined) return ping;
  }
  throw new Error('no ping within 3 s');
}

describe('probing (SWIM §3.1)', () => {
  it('pings one member per second and is content with its acknowledgement', () => {
    const script = new Script().meet(a);
    for (let round = 0, lastMs = -Infinity; round < 5; round++) {
      const ping = nextPing(script);
      if (round > 0) expect(ping.atMs - lastMs).toBeCloseTo(1000);
      lastMs = ping.atMs;
      expect(ping).toMatchObject({ to: a.address, message: { kind: 'ping', from: self.id, target: a.id } });
      script.acknowledge(a, ping.message.nonce);
    }
    expect(script.stateOf(a)).toBe('alive');
  });

  it('probes every member once per round, in an order that changes (SWIM §4.3)', () => {
    const peers = [a, b, c, d, e];
    const script = new Script().meet(...peers);
    const order: string[] = [];
    for (let round = 0; round < 25; round++) {
      const ping = nextPing(script);
      order.push(ping.to);
      const target = peers.find(({ address }) => address === ping.to);
      if (target !== undefined) script.acknowledge(target, ping.message.nonce);
    }
    const rounds = [0, 5, 10, 15, 20].map((first) => order.slice(first, first + 5));
    for (const round of rounds) expect(new Set(round).size).toBe(5);
    expect(new Set(rounds.map((round) => round.join())).size).toBeGreaterThan(1);
  });

  it('asks three others after the time-out, calls reliably, and suspects at the end of the interval', () => {
    const script = new Script().meet(a, b, c, d, e);
    const ping = nextPing(script);
    script.pass(498);
    expect(script.sent('ping-request')).toEqual([]);
    const effects = script.pass(2).take();
    const asked = effects.filter((effect) => effect.type === 'send' && effect.message.kind === 'ping-request');
    expect(asked).toHaveLength(3);
    expect(asked.map((effect) => effect.type === 'send' && effect.to)).not.toContain(ping.to);
    const requests = effects.filter((effect) => effect.type === 'request');
    expect(requests).toMatchObject([{ to: ping.to, message: { kind: 'roster-exchange', members: [] } }]);
    script.pass(497);
    expect(script.notices()).toEqual([]);
    const target = [a, b, c, d, e].find(({ address }) => address === ping.to) ?? a;
    script.pass(3);
    expect(script.notices()).toMatchObject([{ type: 'peer-suspect', member: { id: target.id } }]);
  });

  it('takes the acknowledgement of a helper, but not the helper for the target', () => {
    const script = new Script().meet(a, b);
    const ping = nextPing(script);
    const [target, helper] = ping.to === a.address ? [a, b] : [b, a];
    const [request] = script.pass(500).sent('ping-request');
    expect(request).toMatchObject({
      to: helper.address,
      message: { target: target.id, targetAddress: target.address },
    });
    script.hear(helper.address, {
      kind: 'ping-ack',
      from: target.id,
      nonce: request?.message.nonce ?? 0,
      nowMs: 0,
      observed: '',
      updates: [ownWord(target)],
    });
    script.pass(499);
    expect(script.stateOf(target)).toBe('alive');
    expect(script.core.idOf(helper.address)).toBe(helper.id);
    expect(script.core.idOf(target.address)).toBe(target.id);
  });

  it('ignores acknowledgements with a wrong nonce or from a wrong address', () => {
    const script = new Script().meet(a);
    const ping = nextPing(script);
    script.acknowledge(a, ping.message.nonce + 1);
    script.acknowledge({ ...a, address: '10.9.9.9:1' }, ping.message.nonce);
    script.pass(1001);
    expect(script.stateOf(a)).toBe('suspect');
    expect(script.core.member(a.id)?.address).toBe(a.address);
    expect(script.core.counters['acks-unmatched']).toBe(2);
  });

  it('pings for others, sends the acknowledgement on, and a nack when there is none in time', () => {
    const script = new Script().meet(a, b);
    const ask = (nonce: number): void => {
      script.hear(a.address, {
        kind: 'ping-request',
        from: a.id,
        target: b.id,
        targetAddress: '10.9.9.9:1',
        nonce,
        updates: [ownWord(a)],
      });
    };
    ask(77);
    const [ping] = script.sent('ping');
    expect(ping).toMatchObject({ to: b.address, message: { target: b.id } });
    script.acknowledge(b, ping?.message.nonce ?? 0);
    expect(script.sent('ping-ack')).toMatchObject([{ to: a.address, message: { from: b.id, nonce: 77 } }]);
    ask(78);
    script.take();
    script.pass(399);
    expect(script.sent('ping-nack')).toEqual([]);
    expect(script.pass(2).sent('ping-nack')).toMatchObject([{ to: a.address, message: { from: self.id, nonce: 78 } }]);
  });

  it('pings no stranger for others', () => {
    const script = new Script().meet(a);
    const message = { kind: 'ping-request', from: a.id, target: b.id, targetAddress: b.address, nonce: 5 } as const;
    script.hear(a.address, { ...message, updates: [] });
    const effects = script.take();
    expect(effects).toMatchObject([{ type: 'send', to: a.address, message: { kind: 'ping-nack', nonce: 5 } }]);
  });

  it.each([0, 1, 2, 3])(
    'trusts itself less by the nacks that did not come: %i of 3 came (Lifeguard §IV-A)',
    (count) => {
      const script = new Script().meet(a, b, c, d, e);
      nextPing(script);
      for (const { to, message } of script.pass(500).sent('ping-request').slice(0, count)) {
        const helper = [a, b, c, d, e].find(({ address }) => address === to);
        script.hear(to, { kind: 'ping-nack', from: helper?.id ?? self.id, nonce: message.nonce });
      }
      expect(script.core.health).toBe(1);
      script.pass(501);
      expect(script.core.counters['probes-failed']).toBe(1);
      expect(script.core.health).toBe(1 + 3 - count);
    },
  );

  it('pings for others 256 times at once, and refuses more with a nack', () => {
    const script = new Script().meet(a, b);
    const message = { kind: 'ping-request', from: a.id, target: b.id, targetAddress: '', updates: [] } as const;
    for (let nonce = 0; nonce < 260; nonce++) script.hear(a.address, { ...message, nonce });
    const kinds = script.take().flatMap((effect) => (effect.type === 'send' ? [effect.message.kind] : []));
    expect(kinds.filter((kind) => kind === 'ping')).toHaveLength(256);
    expect(kinds.filter((kind) => kind === 'ping-nack')).toHaveLength(4);
    expect(script.core.counters['relays-refused']).toBe(4);
  });

  it('answers a ping with its clock and the address it sees, whomever the ping was for', () => {
    const script = new Script();
    script.pass(250).hear(a.address, { kind: 'ping', from: a.id, target: c.id, nonce: 9, updates: [ownWord(a)] });
    expect(script.sent('ping-ack')).toMatchObject([
      { to: a.address, message: { from: self.id, nonce: 9, nowMs: wallMs + 250, observed: a.address } },
    ]);
  });

  it('measures round trips and clock offsets', () => {
    const script = new Script().meet(a);
    const ping = nextPing(script);
    script.pass(40).hear(a.address, {
      kind: 'ping-ack',
      from: a.id,
      nonce: ping.message.nonce,
      nowMs: wallMs + script.nowMs - 20 + 700,
      observed: '',
      updates: [],
    });
    const member = script.core.member(a.id);
    expect(member?.rttMs).toBeCloseTo(script.nowMs - ping.atMs);
    expect(member?.clockOffsetMs).toBeCloseTo(700, -1);
    expect(member?.lastSeenMs).toBe(script.nowMs);
  });

  it('takes from a slow answer only what is certain, and believes a clock that was set at once', () => {
    const script = new Script().meet(a);
    const answered = (rttMs: number, aheadMs: number): readonly (number | undefined)[] => {
      const { message } = nextPing(script);
      const read = wallMs + script.nowMs + aheadMs;
      const { nonce } = message;
      script
        .pass(rttMs)
        .hear(a.address, { kind: 'ping-ack', from: a.id, nonce, nowMs: read, observed: '', updates: [] });
      const { clockOffsetMs = NaN, clockErrorMs = NaN } = script.core.member(a.id) ?? {};
      return [clockOffsetMs, clockErrorMs].map(Math.round);
    };
    // It read its clock when the ping left, and looks half a round trip behind.
    expect(answered(20, 700)).toEqual([690, 11]);
    expect(answered(400, 700)).toEqual([690, 12]);
    expect(answered(4, 700)).toEqual([698, 3]);
    expect(answered(4, 9_000)).toEqual([8_998, 3]);
    expect(answered(4, -9_000)).toEqual([-9_002, 3]);
  });

  it('smooths round trips with a weight of 1/8 (RFC 6298 §2)', () => {
    const script = new Script().meet(a);
    for (const delayMs of [40, 120]) {
      const ping = nextPing(script);
      script.pass(ping.atMs + delayMs - script.nowMs).acknowledge(a, ping.message.nonce);
    }
    expect(script.core.member(a.id)?.rttMs).toBeCloseTo(50);
  });

  it('declares a suspect dead after 4 s · max(1, log10 N), having asked it twice more', () => {
    const script = new Script().meet(a);
    const suspectedMs = nextPing(script).atMs + 1000;
    script.pass(1000);
    expect(script.stateOf(a)).toBe('suspect');
    script.take();
    script.pass(3990);
    expect(script.stateOf(a)).toBe('suspect');
    const accusedMs = script
      .sent('ping')
      .filter(({ message }) => message.updates.some(({ id }) => id === a.id))
      .map(({ atMs }) => Math.round(atMs - suspectedMs));
    expect(accusedMs).toEqual(expect.arrayContaining([2000, 3000]));
    script.pass(20);
    expect(script.notices()).toMatchObject([
      { type: 'peer-left', reason: 'dead', member: { id: a.id, state: 'dead' } },
    ]);
  });

  it('does not judge by a silence in which it did not run itself', () => {
    const script = new Script().meet(a, b);
    script.gossip(b, [update(a, 'suspect')]);
    script.stall(60_000);
    expect(script.stateOf(a)).toBe('suspect');
    expect(script.stateOf(b)).toBe('alive');
    script.gossip(a, [ownWord(a, 2)]);
    expect(script.stateOf(a)).toBe('alive');
  });

  it('probes up to 8 times slower while nobody at all answers: the fault may be here (Lifeguard, local health)', () => {
    const peers = Array.from({ length: 30 }, (_, index) => peer(index + 1));
    const script = new Script({ settings: { suspicionMultiplier: 1e6 } }).meet(...peers);
    const failures = (): number => script.core.counters['probes-failed'] ?? 0;
    script.pass(40_000);
    const before = failures();
    script.pass(40_000);
    expect(failures() - before).toBe(5);
  });

  it('starts at a random phase, so that nodes started together do not probe together', () => {
    const phases = [1, 2, 3, 4, 5].map((seed) => nextPing(new Script({ random: seeded(seed) }).meet(a)).atMs);
    expect(Math.max(...phases) - Math.min(...phases)).toBeGreaterThan(200);
    expect(Math.max(...phases)).toBeLessThan(1000);
  });

  it('probes at once when a link goes down', () => {
    const script = new Script().meet(a, b);
    script.tell({ type: 'link-down', address: b.address });
    expect(script.sent('ping')).toMatchObject([{ to: b.address }]);
    script.tell({ type: 'link-down', address: b.address });
    expect(script.sent('ping')).toEqual([]);
  });

  it('has no timer when there is nobody', () => {
    expect(new Script().core.deadline()).toBeUndefined();
  });
});
