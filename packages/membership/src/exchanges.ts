import { limits } from '@simpledht/wire';
import type { Address, Instant, MemberUpdate, MembershipReply, NodeId, Roster as RosterPage } from '@simpledht/wire';
import type { RandomSource } from './chance.ts';
import { Deadlines } from './deadlines.ts';
import { updateOf, type Gossip } from './gossip.ts';
import type { Outbox } from './outbox.ts';
import type { Roster } from './roster.ts';
import type { Self } from './self.ts';
import type { MembershipSettings } from './settings.ts';

/** Requests in flight. What is beyond is refused and counted; who wanted it tries later, as after any failure. */
const maxExchanges = 512;

/** Pages of one exchange: a whole roster. A peer that announces more is cut off. */
const maxPages = Math.ceil(limits.maxMembers / (limits.maxMembersPerMessage - 1)) + 1;

/** The shell owes an outcome for every request; if it forgets one, the request counts as failed this much later. */
const graceMs = 1000;

/** Asks for nothing: no id is larger. */
const afterAll = 'f'.repeat(32) as NodeId;

export type Outcome =
  | { readonly type: 'answered'; readonly by: NodeId }
  /** This very node answered. */
  | { readonly type: 'self' }
  | { readonly type: 'failed'; readonly reason: string };

export interface ExchangeRequest {
  readonly to: Address;
  /** Who is held to be there; it is told first what it may have to refute. */
  readonly target?: NodeId | undefined;
  /** Whole rosters both ways, or only a greeting that shows both who is there. */
  readonly roster: boolean;
  /** Told once, with the first answer. */
  readonly settled?: ((outcome: Outcome, now: Instant) => void) | undefined;
}

interface Pending {
  readonly to: Address;
  readonly target: NodeId | undefined;
  readonly leave: boolean;
  readonly page: number;
  /** Own members after this one go next; undefined when all are told. */
  readonly told: NodeId | '' | undefined;
  /** The peer's members after this one are asked for. */
  readonly asked: NodeId | '';
  readonly settled: ((outcome: Outcome, now: Instant) => void) | undefined;
}

/** What whoever calls others stands on. */
export interface CallerParts {
  readonly settings: MembershipSettings;
  readonly random: RandomSource;
  readonly roster: Roster;
  readonly exchanges: Exchanges;
  readonly outbox: Outbox;
}

/** What comes in by an exchange, handed to whoever listens: `source` is the address that was asked. */
export type AnswerListener = (answer: RosterPage, source: Address, now: Instant) => void;

/**
 * Requests to other nodes: rosters, page by page, both ways at once, and goodbyes.
 *
 * Invariants:
 * 1. Every request ends: answered, failed, or given up after its time.
 * 2. `settled` is called exactly once per exchange, whatever number of pages follows.
 * 3. Only verified members are told.
 */
export class Exchanges {
  readonly #settings: MembershipSettings;
  readonly #self: Self;
  readonly #roster: Roster;
  readonly #gossip: Gossip;
  readonly #outbox: Outbox;
  readonly #answered: AnswerListener;
  readonly #pending = new Map<number, Pending>();
  readonly #deadlines = new Deadlines<number>();
  #last = 0;

  constructor(
    parts: {
      readonly settings: MembershipSettings;
      readonly self: Self;
      readonly roster: Roster;
      readonly gossip: Gossip;
      readonly outbox: Outbox;
    },
    answered: AnswerListener,
  ) {
    this.#settings = parts.settings;
    this.#self = parts.self;
    this.#roster = parts.roster;
    this.#gossip = parts.gossip;
    this.#outbox = parts.outbox;
    this.#answered = answered;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** A request to that address waits for its answer. */
  isPendingTo(address: Address): boolean {
    for (const pending of this.#pending.values()) if (pending.to === address) return true;
    return false;
  }

  /** False when too many are in flight; then nothing was sent and nothing is told. */
  open(request: ExchangeRequest, now: Instant): boolean {
    if (this.#pending.size >= maxExchanges) {
      this.#outbox.count('exchanges-refused');
      return false;
    }
    const { to, target, settled, roster } = request;
    this.#sendRoster(
      {
        to,
        target,
        settled,
        leave: false,
        page: 1,
        told: roster ? '' : undefined,
        asked: roster ? '' : afterAll,
      },
      now,
    );
    return true;
  }

  /** Says goodbye. */
  leave(to: Address, now: Instant): void {
    const pending: Pending = {
      to,
      target: undefined,
      settled: undefined,
      leave: true,
      page: 1,
      told: undefined,
      asked: afterAll,
    };
    const exchange = this.#register(pending, this.#settings.leaveTimeoutMs, now);
    const message = { kind: 'leave', from: this.#self.id, incarnation: this.#self.incarnation } as const;
    this.#outbox.push({ type: 'request', to, message, exchange, timeoutMs: this.#settings.leaveTimeoutMs });
  }

  /** Gives up everything, telling nobody. */
  clear(): void {
    this.#pending.clear();
    this.#deadlines.clear();
  }

  deadline(): number | undefined {
    return this.#deadlines.next();
  }

  tick(now: Instant): void {
    for (const exchange of this.#deadlines.takeDue(now.monotonicMs)) this.fail(exchange, 'timed out', now);
  }

  fail(exchange: number, reason: string, now: Instant): void {
    const pending = this.#take(exchange);
    if (pending === undefined) return;
    this.#outbox.count('exchanges-failed');
    pending.settled?.({ type: 'failed', reason }, now);
  }

  answer(exchange: number, message: MembershipReply, now: Instant): void {
    const pending = this.#take(exchange);
    if (pending === undefined || pending.leave) return;
    if (message.kind !== 'roster') {
      pending.settled?.({ type: 'failed', reason: `unexpected answer ${message.kind}` }, now);
      return;
    }
    this.#answered(message, pending.to, now);
    const own = message.from === this.#self.id;
    pending.settled?.(own ? { type: 'self' } : { type: 'answered', by: message.from }, now);
    if (!own) this.#continue(pending, message, now);
  }

  /** Verified members with an id after this one, and the cursor for the next page; '' when there is none. */
  page(after: NodeId | ''): { readonly members: readonly MemberUpdate[]; readonly next: NodeId | '' } {
    // One place is left for what the receiver must hear of itself.
    const { ids, more } = this.#roster.idsAfter(after, limits.maxMembersPerMessage - 1);
    const members: MemberUpdate[] = [];
    for (const id of ids) {
      const entry = this.#roster.get(id);
      if (entry?.verified === true) members.push(updateOf(entry));
    }
    return { members, next: more ? (ids.at(-1) ?? '') : '' };
  }

  #continue(pending: Pending, answer: RosterPage, now: Instant): void {
    const { told } = pending;
    const forward = answer.next > pending.asked;
    if ((told === undefined && !forward) || pending.page >= maxPages || this.#self.leaving) return;
    this.#sendRoster(
      { ...pending, settled: undefined, page: pending.page + 1, asked: forward ? answer.next : afterAll },
      now,
    );
  }

  #sendRoster(pending: Pending, now: Instant): void {
    const { to, target, asked, told } = pending;
    const page = told === undefined ? { members: [], next: '' as const } : this.page(told);
    const accusation = target === undefined ? [] : this.#gossip.accusation(target);
    const next = { ...pending, told: page.next === '' ? undefined : page.next };
    const timeoutMs = this.#settings.exchangeTimeoutMs;
    const exchange = this.#register(next, timeoutMs, now);
    const message = {
      kind: 'roster-exchange',
      from: this.#self.id,
      incarnation: this.#self.incarnation,
      advertise: this.#self.advertise,
      members: [...accusation, ...page.members],
      after: asked,
      durable: this.#self.durable,
    } as const;
    this.#outbox.push({ type: 'request', to, message, exchange, timeoutMs });
  }

  #register(pending: Pending, timeoutMs: number, now: Instant): number {
    const exchange = ++this.#last;
    this.#outbox.count('exchanges-sent');
    this.#pending.set(exchange, pending);
    this.#deadlines.set(exchange, now.monotonicMs + timeoutMs + graceMs);
    return exchange;
  }

  #take(exchange: number): Pending | undefined {
    const pending = this.#pending.get(exchange);
    this.#pending.delete(exchange);
    this.#deadlines.delete(exchange);
    return pending;
  }
}
