import type { Address, Instant, NodeId } from '@simpledht/wire';
import { between, type RandomSource } from './chance.ts';
import { Deadlines } from './deadlines.ts';
import type { CallerParts, Exchanges, Outcome } from './exchanges.ts';
import type { Lost } from './lost.ts';
import { isLive } from './member.ts';
import type { Outbox } from './outbox.ts';
import type { Roster } from './roster.ts';
import type { MembershipSettings } from './settings.ts';

/** Names known; one more is refused with `bootstrap-failed`. */
const maxNames = 64;

/** Addresses dialled per name and attempt; a name that resolves to more is cut. */
const maxAddresses = 16;

/** First pause in the background; doubles up to `bootstrapMaxBackoffMs`. */
const backgroundBackoffMs = 2000;

interface Seed {
  readonly name: string;
  phase: 'idle' | 'resolving' | 'dialling' | 'waiting';
  /** Counts dialling rounds, so that an answer of an earlier one is known as such. */
  round: number;
  /** Dials of this round without an outcome. */
  open: number;
  /** Attempts of the current `join` that failed. */
  failures: number;
  /** The attempts of the current `join` are over: successes and failures are no longer told, but for a first success. */
  background: boolean;
  backoffMs: number;
  reached: boolean;
  /** Who answered there last. */
  via: NodeId | undefined;
  ledToSelf: boolean;
  /** It is this node's own name. */
  isOwn: boolean;
}

/**
 * Finds the cluster through names: all addresses of a name at once, one answer is enough; some attempts in the foreground,
 * then in the background for ever, each time resolved anew: until it was reached, and again while members are dead or were
 * forgotten so, as the name may lead to the other half of a split cluster; and when whom it led to has gone, as others may
 * begin there that know nobody else.
 */
export class Bootstrap {
  readonly #settings: MembershipSettings;
  readonly #random: RandomSource;
  readonly #roster: Roster;
  readonly #exchanges: Exchanges;
  readonly #lost: Lost;
  readonly #outbox: Outbox;
  readonly #seeds = new Map<string, Seed>();
  readonly #deadlines = new Deadlines<string>();

  constructor(parts: CallerParts & { readonly lost: Lost }) {
    this.#settings = parts.settings;
    this.#random = parts.random;
    this.#roster = parts.roster;
    this.#exchanges = parts.exchanges;
    this.#lost = parts.lost;
    this.#outbox = parts.outbox;
  }

  join(name: string, now: Instant): void {
    const seed = this.#seeds.get(name) ?? this.#add(name);
    if (seed === undefined) {
      this.#outbox.notice({ type: 'bootstrap-failed', name, reason: `more than ${String(maxNames)} names` });
      return;
    }
    seed.background = false;
    seed.failures = 0;
    this.#attempt(seed, now);
  }

  /** Answers that are on their way change nothing any more. */
  drop(name: string): void {
    this.#seeds.delete(name);
    this.#deadlines.delete(name);
  }

  resolved(name: string, addresses: readonly Address[], now: Instant): void {
    const seed = this.#seeds.get(name);
    // Late names are used too: a resolver whose first server is down needs longer than one attempt, every time.
    if (seed?.phase !== 'resolving' && seed?.phase !== 'waiting') return;
    const targets = [...new Set(addresses)].slice(0, maxAddresses);
    this.#deadlines.delete(name);
    seed.phase = 'dialling';
    seed.open = targets.length;
    seed.ledToSelf = false;
    const { round } = seed;
    const settled = (outcome: Outcome, at: Instant): void => {
      if (seed.round === round && this.#seeds.get(name) === seed) this.#settled(seed, outcome, at);
    };
    for (const to of targets) {
      if (!this.#exchanges.open({ to, roster: true, settled }, now)) seed.open--;
    }
    if (seed.open === 0) this.#fail(seed, targets.length === 0 ? 'no address' : 'too many requests', now);
  }

  unresolved(name: string, reason: string, now: Instant): void {
    const seed = this.#seeds.get(name);
    if (seed?.phase === 'resolving') this.#fail(seed, reason, now);
  }

  /** Somebody died: it may be the network between here and there, and a name may lead around it. */
  wake(now: Instant): void {
    for (const seed of this.#seeds.values()) this.#wake(seed, now);
  }

  /** It has left: who takes its place there may know nobody but those who come later. */
  gone(id: NodeId, now: Instant): void {
    for (const seed of this.#seeds.values()) if (seed.via === id) this.#wake(seed, now);
  }

  clear(): void {
    this.#seeds.clear();
    this.#deadlines.clear();
  }

  deadline(): number | undefined {
    return this.#deadlines.next();
  }

  tick(now: Instant): void {
    for (const name of this.#deadlines.takeDue(now.monotonicMs)) {
      const seed = this.#seeds.get(name);
      if (seed?.phase === 'resolving') this.#fail(seed, 'timed out', now);
      else if (seed?.phase === 'waiting') this.#resume(seed, now);
    }
  }

  /** Some name has led to nobody so far: there may be members that nobody here has heard of. */
  get isSearching(): boolean {
    return [...this.#seeds.values()].some(({ reached, isOwn }) => !reached && !isOwn);
  }

  get #isAnybodyMissing(): boolean {
    return this.#roster.deadCount > 0 || this.#lost.isAnybodyMissing;
  }

  #leadsToLife({ via }: Seed): boolean {
    const entry = via === undefined ? undefined : this.#roster.get(via);
    return entry !== undefined && isLive(entry);
  }

  #add(name: string): Seed | undefined {
    if (this.#seeds.size >= maxNames) return undefined;
    const seed: Seed = {
      name,
      phase: 'idle',
      round: 0,
      open: 0,
      failures: 0,
      background: false,
      backoffMs: backgroundBackoffMs,
      reached: false,
      via: undefined,
      ledToSelf: false,
      isOwn: false,
    };
    this.#seeds.set(name, seed);
    return seed;
  }

  #wake(seed: Seed, now: Instant): void {
    if (seed.phase !== 'idle') return;
    seed.background = true;
    seed.backoffMs = backgroundBackoffMs;
    this.#retryLater(seed, now);
  }

  #attempt(seed: Seed, now: Instant): void {
    seed.phase = 'resolving';
    seed.round++;
    this.#outbox.count('bootstrap-attempts');
    this.#deadlines.set(seed.name, now.monotonicMs + this.#settings.exchangeTimeoutMs);
    this.#outbox.push({ type: 'resolve', name: seed.name });
  }

  #resume(seed: Seed, now: Instant): void {
    if (seed.background && this.#leadsToLife(seed) && !this.#isAnybodyMissing) seed.phase = 'idle';
    else this.#attempt(seed, now);
  }

  #settled(seed: Seed, outcome: Outcome, now: Instant): void {
    if (seed.phase !== 'dialling') return;
    seed.open--;
    if (outcome.type === 'answered') {
      this.#succeed(seed, outcome, now);
      return;
    }
    seed.ledToSelf ||= outcome.type === 'self';
    if (seed.open > 0) return;
    if (seed.ledToSelf) this.#foundSelf(seed, now);
    else this.#fail(seed, outcome.type === 'failed' ? outcome.reason : 'this very node', now);
  }

  #succeed(seed: Seed, outcome: Extract<Outcome, { type: 'answered' }>, now: Instant): void {
    if (!seed.background || !seed.reached) {
      this.#outbox.notice({ type: 'bootstrapped', name: seed.name, via: outcome.by });
    }
    if (!seed.reached) seed.backoffMs = backgroundBackoffMs;
    seed.reached = true;
    seed.via = outcome.by;
    seed.background = true;
    seed.phase = 'idle';
    this.#deadlines.delete(seed.name);
    if (this.#isAnybodyMissing) this.#retryLater(seed, now);
  }

  #foundSelf(seed: Seed, now: Instant): void {
    seed.isOwn = true;
    if (!seed.background) this.#outbox.notice({ type: 'self-bootstrap', name: seed.name });
    seed.background = true;
    // The name may lead to others one day; there is no hurry.
    seed.backoffMs = this.#settings.bootstrapMaxBackoffMs;
    this.#retryLater(seed, now);
  }

  #fail(seed: Seed, reason: string, now: Instant): void {
    const { name } = seed;
    if (seed.background) {
      this.#retryLater(seed, now);
      return;
    }
    const of = this.#settings.bootstrapAttempts;
    const attempt = ++seed.failures;
    if (attempt < of) {
      this.#outbox.notice({ type: 'bootstrap-retry', name, attempt, of, reason });
      this.#wait(seed, this.#settings.bootstrapBackoffMs * 2 ** (attempt - 1), now);
      return;
    }
    this.#outbox.notice({ type: 'bootstrap-failed', name, reason });
    seed.background = true;
    seed.backoffMs = backgroundBackoffMs;
    this.#retryLater(seed, now);
  }

  #retryLater(seed: Seed, now: Instant): void {
    this.#wait(seed, seed.backoffMs, now);
    seed.backoffMs = Math.min(2 * seed.backoffMs, this.#settings.bootstrapMaxBackoffMs);
  }

  /** Jitter of a quarter downwards: who were started together do not dial together. */
  #wait(seed: Seed, pauseMs: number, now: Instant): void {
    seed.phase = 'waiting';
    this.#deadlines.set(seed.name, now.monotonicMs + between(this.#random, 0.75, 1) * pauseMs);
  }
}
