import type { Clock, TimerHandle, Transport, TransportEvent } from '@simpledht/transport';
import type { Parts } from './defaults.ts';
import type { MembershipShell } from './driver/membership-shell.ts';
import type { EventHub } from './events.ts';
import { checkAdvertise } from './options.ts';
import { SimpleDHTError } from '@simpledht/wire';

/** A name that is advertised is resolved again after this: a home connection gets another address some day. A guess. */
const resolveAgainMs = 60_000;

/** Where others reach this node, as far as it knows: what it advertises, else what a STUN server sees, else what members see. */
export class OwnAddress {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #hub: EventHub;
  /** Asked for when needed: it is made after this. */
  readonly #membership: () => MembershipShell;
  #name: string | undefined;
  #advertised: string | undefined;
  #byStun: string | undefined;
  #observed: string | undefined;
  #told: string | undefined;
  #timer: TimerHandle | undefined;

  constructor(
    { transport, clock }: Pick<Parts, 'transport' | 'clock'>,
    hub: EventHub,
    membership: () => MembershipShell,
  ) {
    this.#transport = transport;
    this.#clock = clock;
    this.#hub = hub;
    this.#membership = membership;
  }

  get current(): string | undefined {
    return this.#advertised ?? this.#byStun ?? this.#observed;
  }

  /** `undefined` takes back what was advertised. A name is resolved, now and again. */
  advertise(name: string | undefined): void {
    checkAdvertise(name);
    this.#name = name;
    this.#stopTimer();
    if (name === undefined) this.#setAdvertised(undefined);
    else void this.#resolve(name);
  }

  /** A member sees this node there. */
  observe(address: string): void {
    if (address === this.#observed) return;
    this.#observed = address;
    this.#hub.emit('address-observed', address);
    this.#tell();
  }

  readonly onTransportEvent = (event: TransportEvent): void => {
    if (event.type === 'public-address') this.#byStun = event.address;
    else if (event.type === 'public-address-failed') {
      this.#byStun = undefined;
      this.#hub.emit('public-address-failed', event.reason);
    }
    this.#tell();
  };

  close(): void {
    this.#name = undefined;
    this.#stopTimer();
  }

  async #resolve(name: string): Promise<void> {
    let address: string | undefined;
    let reason = `${name} has no address`;
    try {
      [address] = await this.#transport.resolve(name);
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    if (this.#name !== name) return;
    if (address !== undefined) this.#setAdvertised(address);
    else if (this.#advertised === undefined) this.#hub.emit('public-address-failed', reason);
    // What resolves to itself is an address, and stays one.
    if (address !== name) this.#resolveLater(name);
  }

  #resolveLater(name: string): void {
    this.#timer = this.#clock.setTimeout(() => void this.#resolve(name), resolveAgainMs);
  }

  #setAdvertised(address: string | undefined): void {
    if (address === this.#advertised) return;
    this.#advertised = address;
    // The others use it once they have reached this node there.
    this.#membership().handle({ type: 'advertise', address: address ?? '' });
    this.#tell();
  }

  #tell(): void {
    const { current } = this;
    if (current === this.#told) return;
    this.#told = current;
    if (current !== undefined) this.#hub.emit('public-address', current);
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** A text that is no address is the caller's mistake; a name that does not resolve now may do so at a later attempt. */
export async function checkName(transport: Transport, name: string): Promise<void> {
  try {
    await transport.resolve(name);
  } catch (error) {
    if (SimpleDHTError.is(error, 'ERR_INVALID_ADDRESS') && error.cause === undefined) throw error;
  }
}
