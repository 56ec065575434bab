import type { Clock, Transport } from '@simpledht/transport';
import type { Address } from '@simpledht/wire';

/** What became of a dial: `unsupported` where the transport is the user's own, `busy` when another was just now. */
export type DialBackOutcome = 'reached' | 'silent' | 'busy' | 'unsupported';

/** How long the asker has to answer, ms: hellos go out at 0, 333 and 999 ms. */
export const dialBackMs = 2000;
/** Of all askers together, ms from the end of one to the next. */
const pauseMs = 500;

/**
 * Tells somebody whether a newcomer reaches him: dials from a fresh socket, whose packets no firewall on the way takes for
 * answers. Only to the address that has asked over a link, so nobody can send it at others; one at a time, so it costs an
 * asker more than it costs this node: up to three hellos of 144 bytes.
 */
export class DialBack {
  readonly #makeTransport: (() => Transport) | undefined;
  readonly #clock: Clock;
  #freeAtMs = -Infinity;

  constructor(makeTransport: (() => Transport) | undefined, clock: Clock) {
    this.#makeTransport = makeTransport;
    this.#clock = clock;
  }

  readonly to = async (address: Address): Promise<DialBackOutcome> => {
    if (this.#makeTransport === undefined) return 'unsupported';
    if (this.#clock.monotonic() < this.#freeAtMs) return 'busy';
    this.#freeAtMs = Infinity;
    const transport = this.#makeTransport();
    try {
      return await this.#dial(transport, address);
    } catch {
      return 'unsupported';
    } finally {
      this.#freeAtMs = this.#clock.monotonic() + pauseMs;
      await transport.close();
    }
  };

  async #dial(transport: Transport, address: Address): Promise<DialBackOutcome> {
    let onUp: (outcome: DialBackOutcome) => void = () => undefined;
    const up = new Promise<DialBackOutcome>((resolve) => (onUp = resolve));
    await transport.open({
      onDatagram: () => undefined,
      onRequest: () => undefined,
      onEvent: (event) => {
        if (event.type === 'link-up' && event.address === address) onUp('reached');
      },
    });
    transport.send(address, new Uint8Array(0));
    const timer = this.#clock.setTimeout(() => {
      onUp('silent');
    }, dialBackMs);
    const outcome = await up;
    this.#clock.clearTimeout(timer);
    return outcome;
  }
}
