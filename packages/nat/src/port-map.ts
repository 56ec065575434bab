import type { Clock, Logger, TimerHandle } from '@simpledht/transport';
import { formatHostPort, silentLogger, systemClock } from '@simpledht/transport';
import { isPublic } from './addresses.ts';
import type { Mapping, PortMapper } from './mapper.ts';
import { routerMapper } from './router-mapper.ts';
import { defaultPortMapSettings, type PortMapSettings } from './settings.ts';

export interface PortMapOptions {
  /** UDP port of the node. */
  readonly port: number;
  /** Address that the node is bound to; all of the machine by default. */
  readonly host?: string;
  /** Port to ask the router for; by default the same. */
  readonly externalPort?: number;
  readonly onEvent?: (event: PortMapEvent) => void;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Replaces UPnP and NAT-PMP. */
  readonly mapper?: PortMapper;
  readonly settings?: Partial<PortMapSettings>;
}

export type PortMapEvent =
  /** Whoever sends to `address` reaches the port, as far as the router knows. Told again when it becomes another. */
  | { readonly type: 'mapped'; readonly address: string; readonly via: string }
  /** There is no mapping, or none any more; it is tried again. */
  | { readonly type: 'failed'; readonly reason: string };

/** Maps the port and keeps it mapped until `stop`. Returns at once and never throws: what fails is an event. */
export function mapPort(options: PortMapOptions): PortMap {
  return new PortMap(options);
}

/**
 * One port, mapped and renewed.
 *
 * Invariants:
 * 1. One try at a time, each bounded by `attemptMs`.
 * 2. After `stop` nothing is asked of the router but to take back what it gave, for at most `stopMs`.
 */
export class PortMap {
  readonly #options: PortMapOptions;
  readonly #settings: PortMapSettings;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #mapper: PortMapper;
  readonly #ending = new AbortController();
  #mapping: Mapping | undefined;
  #validUntilMs = -Infinity;
  #address: string | undefined;
  #timer: TimerHandle | undefined;
  #retryMs: number;
  /** The call to the router that is under way, or was last. */
  #call: Promise<Mapping> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: PortMapOptions) {
    this.#options = options;
    this.#settings = { ...defaultPortMapSettings, ...options.settings };
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#mapper = options.mapper ?? routerMapper();
    this.#retryMs = this.#settings.retryMs;
    void this.#try();
  }

  /** Where others reach the port, while it is mapped. */
  get address(): string | undefined {
    return this.#address;
  }

  /** Takes the mapping back. Settles within `stopMs`, whatever the router does. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#ending.abort(new Error('stopped'));
    this.#address = undefined;
    await this.#bounded(this.#settings.stopMs, async (signal) => {
      // One that was under way may have brought a mapping nevertheless.
      const late = await this.#call?.catch(() => undefined);
      await (late ?? this.#mapping)?.remove(signal);
    }).catch((error: unknown) => {
      this.#logger.debug({ reason: textOf(error) }, 'The router did not take the mapping back; it runs out by itself');
    });
    this.#mapping = undefined;
  }

  async #try(): Promise<void> {
    try {
      this.#mapped(await this.#bounded(this.#settings.attemptMs, (signal) => this.#map(signal), this.#ending.signal));
    } catch (error) {
      this.#failed(textOf(error));
    }
  }

  #map(signal: AbortSignal): Promise<Mapping> {
    const { port, host } = this.#options;
    const { leaseMs } = this.#settings;
    // What it gave is asked for again: another would be a second mapping, and others know this one.
    const externalPort = this.#mapping?.externalPort ?? this.#options.externalPort ?? port;
    this.#call = this.#mapper.map({ internalPort: port, internalHost: host, externalPort, leaseMs, signal });
    return this.#call;
  }

  #mapped(mapping: Mapping): void {
    this.#mapping = mapping;
    if (this.#stopping !== undefined) return;
    const { externalHost, externalPort, via } = mapping;
    if (!isPublic(externalHost)) {
      this.#failed(`the router has no public address itself but ${externalHost}: there is another router before it`);
      return;
    }
    this.#validUntilMs = this.#clock.monotonic() + this.#settings.leaseMs;
    this.#retryMs = this.#settings.retryMs;
    this.#again(this.#settings.renewMs);
    const address = formatHostPort(externalHost, externalPort);
    if (address === this.#address) return;
    this.#address = address;
    this.#tell({ type: 'mapped', address, via });
  }

  /** A mapping that could not be renewed holds until its time is over: only then it is lost. */
  #failed(reason: string): void {
    if (this.#stopping !== undefined) return;
    this.#logger.debug({ reason }, 'The port could not be mapped');
    this.#again(this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, this.#settings.renewMs);
    if (this.#address !== undefined && this.#clock.monotonic() < this.#validUntilMs) return;
    this.#address = undefined;
    this.#tell({ type: 'failed', reason });
  }

  #again(delayMs: number): void {
    this.#timer = this.#clock.setTimeout(() => {
      void this.#try();
    }, delayMs);
  }

  #tell(event: PortMapEvent): void {
    try {
      this.#options.onEvent?.(event);
    } catch (error) {
      this.#logger.error({ err: error }, 'A listener threw');
    }
  }

  /** Rejects after `ms`, whether or not `work` heeds its signal. */
  async #bounded<T>(ms: number, work: (signal: AbortSignal) => Promise<T>, ending?: AbortSignal): Promise<T> {
    const over = new AbortController();
    const timer = this.#clock.setTimeout(() => {
      over.abort(new Error('the router did not answer in time'));
    }, ms);
    const onEnding = (): void => {
      over.abort(ending?.reason);
    };
    ending?.addEventListener('abort', onEnding);
    try {
      return await Promise.race([work(over.signal), rejectionOf(over.signal)]);
    } finally {
      this.#clock.clearTimeout(timer);
      ending?.removeEventListener('abort', onEnding);
    }
  }
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const give = (): void => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
  });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
