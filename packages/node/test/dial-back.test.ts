import { datagramTransport, MemoryNetwork, seededRandom, VirtualClock, type Transport } from '@simpledht/transport';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DialBack, dialBackMs, type DialBackOutcome } from '../src/diagnosis/dial-back.ts';

/** Nobody listens there. */
const silent = '10.0.0.9:5000';

class World {
  readonly clock = new VirtualClock();
  readonly #random = seededRandom(1);
  readonly #network = new MemoryNetwork({ clock: this.clock, random: this.#random });
  made = 0;
  closed = 0;
  readonly dialBack = new DialBack(() => this.#fresh(), this.clock);

  transport(address: string): Transport {
    return datagramTransport({ socket: this.#network.socket(address), clock: this.clock, random: this.#random });
  }

  #fresh(): Transport {
    this.made += 1;
    const transport = this.transport('10.0.0.1:0');
    const close = transport.close.bind(transport);
    transport.close = () => {
      this.closed += 1;
      return close();
    };
    return transport;
  }
}

/** An outcome that can be looked at while it is not there yet. */
function watched(promise: Promise<DialBackOutcome>): { outcome: DialBackOutcome | undefined } {
  const seen: { outcome: DialBackOutcome | undefined } = { outcome: undefined };
  void promise.then((outcome) => (seen.outcome = outcome));
  return seen;
}

describe('dialling back', () => {
  it('ends when the asker has not answered in time, and closes its socket', async () => {
    const world = new World();
    const dial = watched(world.dialBack.to(silent));
    await world.clock.advance(dialBackMs - 1);
    expect([dial.outcome, world.closed]).toEqual([undefined, 0]);
    await world.clock.advance(1);
    expect([dial.outcome, world.made, world.closed]).toEqual(['silent', 1, 1]);
  });

  it('is done for one asker at a time, and for nobody in the half second after', async () => {
    const world = new World();
    const first = watched(world.dialBack.to(silent));
    await world.clock.advance(dialBackMs - 1);
    expect(await world.dialBack.to('10.0.0.8:5000')).toBe('busy');
    await world.clock.advance(1);
    expect(first.outcome).toBe('silent');
    await world.clock.advance(499);
    expect(await world.dialBack.to(silent)).toBe('busy');
    expect(world.made).toBe(1);
    await world.clock.advance(1);
    const next = watched(world.dialBack.to(silent));
    await world.clock.advance(dialBackMs);
    expect([next.outcome, world.made, world.closed]).toEqual(['silent', 2, 2]);
  });

  it('finds who answers, before the time is over', async () => {
    const world = new World();
    const asker = world.transport('10.0.0.2:5000');
    onTestFinished(() => asker.close());
    await asker.open({ onDatagram: () => undefined, onRequest: () => undefined, onEvent: () => undefined });
    const dial = watched(world.dialBack.to('10.0.0.2:5000'));
    await world.clock.advance(100);
    expect(dial.outcome).toBe('reached');
  });

  it('is not done over a transport of the user', async () => {
    expect(await new DialBack(undefined, new VirtualClock()).to(silent)).toBe('unsupported');
  });
});
