import type { Address, Instant } from '@simpledht/wire';
import { between, type RandomSource } from './chance.ts';
import { Deadlines } from './deadlines.ts';
import type { CallerParts, Exchanges, Outcome } from './exchanges.ts';
import { isLive, type Entry } from './member.ts';
import type { Outbox } from './outbox.ts';
import type { Roster } from './roster.ts';
import type { MembershipSettings } from './settings.ts';

/** Addresses kept; the oldest makes room. */
const maxLost = 64;

/** Longest pause before each is dialled again is this for each of them, the shortest half of it, when that is more than for the dead; ms. */
const lostPaceMs = 8_000;

/**
 * Where members were that died and were forgotten. Most of them are gone; but a process may live on, on the other side of a
 * split, and there nobody dials any more either. So it is greeted where it was, as a stranger, now and then and for as long
 * again as the durable dead are remembered. After that only bootstrap names can bring two sides together.
 *
 * Only who was met gets here, so no liar fills it; an address is taken out when anybody answers there.
 */
export class Lost {
  readonly #settings: MembershipSettings;
  readonly #random: RandomSource;
  readonly #roster: Roster;
  readonly #exchanges: Exchanges;
  readonly #outbox: Outbox;
  readonly #dials = new Deadlines<Address>();
  /** In the order in which they came, with the moment when each is given up, monotonic ms. */
  readonly #untilMs = new Map<Address, number>();
  #isAnyGivenUp = false;

  constructor(parts: CallerParts) {
    this.#settings = parts.settings;
    this.#random = parts.random;
    this.#roster = parts.roster;
    this.#exchanges = parts.exchanges;
    this.#outbox = parts.outbox;
  }

  /** Somebody died, was forgotten, and nobody has answered there since. */
  get isAnybodyMissing(): boolean {
    return this.#isAnyGivenUp || this.#untilMs.size > 0;
  }

  forgotten({ address, state, verified }: Entry, now: Instant): void {
    if (state !== 'dead' || !verified) return;
    this.#drop(address);
    const [oldest] = this.#untilMs.keys();
    if (this.#untilMs.size >= maxLost && oldest !== undefined) this.#giveUp(oldest);
    this.#untilMs.set(address, now.monotonicMs + this.#settings.forgetAfterMs);
    this.#schedule(address, now);
  }

  stop(): void {
    this.#untilMs.clear();
    this.#dials.clear();
  }

  deadline(): number | undefined {
    return this.#dials.next();
  }

  tick(now: Instant): void {
    for (const address of this.#dials.takeDue(now.monotonicMs)) this.#dial(address, now);
  }

  #dial(address: Address, now: Instant): void {
    const holder = this.#roster.holderOf(address);
    if (holder !== undefined && isLive(holder)) this.#drop(address);
    else if ((this.#untilMs.get(address) ?? 0) <= now.monotonicMs) this.#giveUp(address);
    else {
      this.#schedule(address, now);
      if (this.#exchanges.isPendingTo(address)) return;
      this.#outbox.count('lost-dialled');
      const settled = (outcome: Outcome, at: Instant): void => {
        this.#settled(address, outcome, at);
      };
      this.#exchanges.open({ to: address, roster: false, settled }, now);
    }
  }

  #settled(address: Address, outcome: Outcome, now: Instant): void {
    if (outcome.type === 'failed') return;
    this.#drop(address);
    if (outcome.type === 'answered') this.#exchanges.open({ to: address, target: outcome.by, roster: true }, now);
  }

  #schedule(address: Address, now: Instant): void {
    const { redialMinMs, redialMaxMs } = this.#settings;
    const roundMs = this.#untilMs.size * lostPaceMs;
    const pauseMs = between(this.#random, Math.max(redialMinMs, roundMs / 2), Math.max(redialMaxMs, roundMs));
    this.#dials.set(address, now.monotonicMs + pauseMs);
  }

  #giveUp(address: Address): void {
    this.#drop(address);
    this.#isAnyGivenUp = true;
  }

  #drop(address: Address): void {
    this.#untilMs.delete(address);
    this.#dials.delete(address);
  }
}
