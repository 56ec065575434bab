import type { Address, Instant, MemberUpdate, NodeId, PingAck, PingNack, PingRequest } from '@simpledht/wire';
import { sample, type RandomSource } from './chance.ts';
import { Deadlines, earliest } from './deadlines.ts';
import type { Exchanges, Outcome } from './exchanges.ts';
import type { Gossip } from './gossip.ts';
import type { LocalHealth } from './local-health.ts';
import type { Entry } from './member.ts';
import type { Outbox } from './outbox.ts';
import { Pings, type Ping, type Probe } from './pings.ts';
import { ProbeOrder } from './probe-order.ts';
import type { Roster } from './roster.ts';
import type { Self } from './self.ts';
import type { MembershipSettings } from './settings.ts';
import { utf8Bytes } from './text.ts';

/** Probes at a time: that of the round, and those that hints of the transport hastened. More hints are ignored. */
const maxProbes = 32;

/** Pings sent for others that may still owe a nack. Beyond it a request is refused with a nack at once. */
const maxRelays = 256;

/** A helper gives up so far into the asker's time-out, for the nack to arrive in time (Lifeguard §IV-A). */
const nackPart = 0.8;

/** What an acknowledgement is waited for. */
type Purpose = Pick<Extract<Ping, { kind: 'direct' }>, 'probe' | 'relay'>;

export interface ProberParts {
  readonly settings: MembershipSettings;
  readonly random: RandomSource;
  readonly self: Self;
  readonly roster: Roster;
  readonly gossip: Gossip;
  readonly health: LocalHealth;
  readonly exchanges: Exchanges;
  readonly outbox: Outbox;
}

/**
 * Finds out who does not answer (SWIM §3.1, §4.1): one member per interval is pinged, after the time-out others are asked
 * to ping it and it is called by a request, and at the end of the interval who was not acknowledged is suspected.
 *
 * Invariants:
 * 1. A probe has one outcome: it is acknowledged, or it fails at its end.
 * 2. An acknowledgement counts only with the nonce of a ping in flight and, unless it came through a helper, from the
 *    address that was pinged.
 * 3. With no live member there is no timer.
 */
export class Prober {
  readonly #parts: ProberParts;
  readonly #failed: (entry: Entry, now: Instant) => void;
  readonly #order: ProbeOrder;
  readonly #pings: Pings;
  readonly #probes = new Set<Probe>();
  readonly #relays = new Deadlines<number>();
  #nextMs: number | undefined;

  constructor(parts: ProberParts, failed: (entry: Entry, now: Instant) => void) {
    this.#parts = parts;
    this.#failed = failed;
    this.#order = new ProbeOrder(parts.random);
    this.#pings = new Pings(parts.random);
  }

  add(id: NodeId, now: Instant): void {
    this.#order.add(id);
    // At a random phase, or all who were started together would probe together for ever.
    this.#nextMs ??= now.monotonicMs + this.#parts.random() * this.#parts.settings.probeIntervalMs;
  }

  remove(id: NodeId): void {
    this.#order.remove(id);
    for (const probe of this.#probes) if (probe.target === id) this.#probes.delete(probe);
  }

  stop(): void {
    this.#nextMs = undefined;
    this.#probes.clear();
    this.#relays.clear();
  }

  deadline(): number | undefined {
    let nextMs = earliest(this.#nextMs, this.#relays.next());
    for (const probe of this.#probes) {
      nextMs = earliest(nextMs, probe.helpers === undefined ? probe.timeoutMs : probe.endMs);
    }
    return nextMs;
  }

  tick(now: Instant): void {
    for (const nonce of this.#relays.takeDue(now.monotonicMs)) this.#nackRelay(nonce);
    for (const probe of this.#probes) this.#continue(probe, now);
    if (this.#nextMs !== undefined && now.monotonicMs >= this.#nextMs) this.#round(now);
  }

  /** This node was not running: what was not heard meanwhile proves nothing. */
  forgive(): void {
    this.#probes.clear();
  }

  /** Probes a member out of turn. */
  hasten(entry: Entry, now: Instant): void {
    const running = [...this.#probes].some((probe) => probe.target === entry.id);
    if (!running && this.#probes.size < maxProbes) this.#start(entry, now);
  }

  /** Pings without a verdict: to introduce, to tell, or to see who answers there. */
  ping(target: NodeId, address: Address, now: Instant): void {
    this.#ping(target, address, now);
  }

  /** True when the nonce is that of a ping of this node: its own ping has come back to it. */
  isOwn(nonce: number): boolean {
    return this.#pings.get(nonce) !== undefined;
  }

  /** The ping that is acknowledged, once; undefined for what was not asked for. */
  acknowledge(ack: PingAck, source: Address): Ping | undefined {
    const ping = this.#pings.get(ack.nonce);
    if (ping === undefined || (ping.kind === 'direct' && ping.address !== source)) return undefined;
    this.#pings.delete(ack.nonce);
    if (ping.target === ack.from) this.#succeed(ping, ack, source);
    return ping;
  }

  /** A helper reached nobody either. */
  hearNack(nack: PingNack): void {
    const ping = this.#pings.get(nack.nonce);
    if (ping?.kind === 'indirect') ping.probe.nacks++;
  }

  /** Pings a member for another node. Only members, at the addresses known here: no stranger chooses where this node sends. */
  relay(request: PingRequest, source: Address, now: Instant): void {
    const entry = this.#parts.roster.get(request.target);
    if (entry === undefined || this.#relays.size >= maxRelays) {
      this.#parts.outbox.count('relays-refused');
      this.#nack(source, request.nonce);
      return;
    }
    const relay = { to: source, nonce: request.nonce };
    const nonce = this.#ping(entry.id, entry.address, now, { relay });
    this.#relays.set(nonce, now.monotonicMs + nackPart * this.#parts.settings.probeTimeoutMs);
  }

  #round(now: Instant): void {
    const { settings, health, roster } = this.#parts;
    const id = this.#order.next();
    const entry = id === undefined ? undefined : roster.get(id);
    this.#nextMs = id === undefined ? undefined : now.monotonicMs + health.multiplier * settings.probeIntervalMs;
    if (entry !== undefined) this.#start(entry, now);
  }

  #start(entry: Entry, now: Instant): void {
    const { settings, health } = this.#parts;
    const probe: Probe = {
      target: entry.id,
      timeoutMs: now.monotonicMs + health.multiplier * settings.probeTimeoutMs,
      endMs: now.monotonicMs + health.multiplier * settings.probeIntervalMs,
      helpers: undefined,
      nacks: 0,
    };
    this.#parts.outbox.count('probes');
    this.#probes.add(probe);
    this.#ping(entry.id, entry.address, now, { probe });
  }

  #ping(target: NodeId, address: Address, now: Instant, purpose: Purpose = {}): number {
    const { self, gossip, outbox } = this.#parts;
    const nonce = this.#pings.add({ kind: 'direct', target, address, sentMs: now.monotonicMs, ...purpose });
    outbox.send(address, { kind: 'ping', from: self.id, target, nonce, updates: gossip.updatesFor(target) });
    return nonce;
  }

  #continue(probe: Probe, now: Instant): void {
    if (probe.helpers === undefined && now.monotonicMs >= probe.timeoutMs) this.#askOthers(probe, now);
    if (now.monotonicMs >= probe.endMs) this.#fail(probe, now);
  }

  #askOthers(probe: Probe, now: Instant): void {
    const { roster, settings, random, self, gossip, outbox } = this.#parts;
    const { target } = probe;
    const entry = roster.get(target);
    const able = (other: Entry): boolean => other.state === 'alive' && other.verified && other.id !== target;
    const helpers = sample(roster.live, settings.indirectProbes, random, able);
    probe.helpers = helpers.length;
    if (entry === undefined) return;
    this.#callReliably(entry, probe, now);
    if (helpers.length === 0) return;
    const nonce = this.#pings.add({ kind: 'indirect', target, sentMs: now.monotonicMs, probe });
    const targetAddress = entry.address;
    for (const helper of helpers) {
      const updates = gossip.updatesFor(helper.id, utf8Bytes(targetAddress));
      outbox.send(helper.address, { kind: 'ping-request', from: self.id, target, targetAddress, nonce, updates });
    }
  }

  /** The transport repeats requests, so a few lost datagrams do not make a suspect (memberlist pings by TCP here). */
  #callReliably({ address, id }: Entry, probe: Probe, now: Instant): void {
    const { exchanges, health } = this.#parts;
    if (exchanges.isPendingTo(address)) return;
    const settled = (outcome: Outcome, at: Instant): void => {
      if (outcome.type !== 'answered' || outcome.by !== id) this.#unreached(id, at);
      else if (this.#probes.delete(probe)) health.improve();
    };
    exchanges.open({ to: address, target: id, roster: false, settled }, now);
  }

  #unreached(id: NodeId, now: Instant): void {
    const entry = this.#parts.roster.get(id);
    if (entry !== undefined) this.#parts.roster.unreached(entry, now);
  }

  #succeed(ping: Ping, ack: PingAck, source: Address): void {
    if (ping.probe !== undefined && this.#probes.delete(ping.probe)) this.#parts.health.improve();
    if (ping.kind === 'indirect' || ping.relay === undefined) return;
    this.#relays.delete(ack.nonce);
    // Updates are the target's own; `observed` is this helper's address and tells the asker nothing.
    const updates = withAddress(ack.updates, ack.from, source);
    this.#parts.outbox.send(ping.relay.to, { ...ack, nonce: ping.relay.nonce, observed: '', updates });
  }

  #fail(probe: Probe, now: Instant): void {
    this.#probes.delete(probe);
    const { roster, health, outbox } = this.#parts;
    outbox.count('probes-failed');
    // Missing nacks mean that helpers are not heard either; with nobody to ask, the doubt counts once (memberlist probeNode).
    const helpers = probe.helpers ?? 0;
    health.worsen(helpers === 0 ? 1 : Math.max(0, helpers - probe.nacks));
    const entry = roster.get(probe.target);
    if (entry !== undefined) this.#failed(entry, now);
  }

  #nackRelay(nonce: number): void {
    const ping = this.#pings.get(nonce);
    if (ping?.kind === 'direct' && ping.relay !== undefined) this.#nack(ping.relay.to, ping.relay.nonce);
  }

  #nack(to: Address, nonce: number): void {
    this.#parts.outbox.send(to, { kind: 'ping-nack', from: this.#parts.self.id, nonce });
  }
}

/**
 * What the member says of itself, with where it was reached: whoever asked for the relay may send to an address that it has
 * left. The message stays as short as it was, since the asker's own address is not repeated.
 */
function withAddress(updates: readonly MemberUpdate[], id: NodeId, address: Address): MemberUpdate[] {
  return updates.map((update) => (update.id === id && update.address === '' ? { ...update, address } : update));
}
