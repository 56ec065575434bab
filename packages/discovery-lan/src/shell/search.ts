import {
  parseHostPort,
  type Announcement,
  type Clock,
  type DiscoveryHandlers,
  type HostPort,
  type Random,
  type TimerHandle,
} from '@simpledht/transport';
import { SimpleDHTError } from '@simpledht/wire';
import { Conversation, type Saying } from '../core/conversation.ts';
import { answers, asksFor, question, type ServiceName } from '../core/records.ts';
import type { LanSettings } from '../core/settings.ts';
import { Counters } from './counters.ts';
import { Listener } from './listener.ts';
import type { Machine } from './machine.ts';
import type { Segment } from './segment.ts';
import { Segments } from './segments.ts';

export interface SearchOptions {
  readonly announcement: Announcement;
  readonly handlers: DiscoveryHandlers;
  readonly clock: Clock;
  readonly random: Random;
  readonly only: readonly string[] | undefined;
  readonly service: ServiceName;
  readonly settings: LanSettings;
  readonly machine: Machine;
}

/** One discovery from its start to its stop: asks, answers and listens on every interface. */
export class Search {
  readonly counters: Counters = new Counters();
  readonly #options: SearchOptions;
  readonly #listener: Listener;
  /** Bounded by the segments. */
  readonly #conversations = new Map<Segment, Conversation>();
  #segments: Segments | undefined;
  #port = 0;
  #timer: TimerHandle | undefined;
  #scanMs = 0;
  #isStopped = false;

  constructor(options: SearchOptions) {
    const { settings, service, announcement, handlers } = options;
    this.#options = options;
    this.#listener = new Listener({
      settings,
      service,
      counters: this.counters,
      self: announcement,
      onFound: (found) => {
        if (!this.#isStopped) handlers.onFound(found);
      },
    });
  }

  start(): void {
    this.#arm();
  }

  /** Says that this node is gone, and closes everything; takes no longer than `stopTimeoutMs`. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const { clock, settings } = this.#options;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    const segments = this.#segments?.all() ?? [];
    await Promise.race([
      Promise.all(segments.map((segment) => segment.say('response', this.#answers(segment, 0)))),
      new Promise<void>((resolve) => {
        clock.setTimeout(resolve, settings.stopTimeoutMs);
      }),
    ]);
    this.#conversations.clear();
    await this.#segments?.close();
  }

  /** Later than `start`, which calls no handler. */
  #turn(): void {
    const nowMs = this.#options.clock.monotonic();
    if (this.#scanMs <= nowMs) {
      this.#scanMs = nowMs + this.#options.settings.rescanMs;
      this.#segments ??= this.#open();
      this.#segments?.scan();
    }
    for (const [segment, conversation] of this.#conversations)
      for (const saying of conversation.take(nowMs)) this.#say(segment, saying);
    this.#arm();
  }

  #arm(): void {
    if (this.#isStopped) return;
    const { clock } = this.#options;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const atMs = Math.min(this.#scanMs, ...[...this.#conversations.values()].map((one) => one.deadline()));
    if (atMs === Infinity) return;
    this.#timer = clock.setTimeout(
      () => {
        this.#turn();
      },
      Math.max(0, atMs - clock.monotonic()),
    );
  }

  /** `undefined` when the node's address is none of IP: there is nothing to announce. */
  #open(): Segments | undefined {
    const { announcement, only, settings, machine } = this.#options;
    const listening = this.#listening(announcement.address);
    if (listening === undefined) return undefined;
    this.#port = listening.port;
    return new Segments({
      settings,
      counters: this.counters,
      listening: { ip: listening.host, only },
      interfaces: machine.interfaces,
      createSocket: machine.createSocket,
      admit: (network, packet) => this.#listener.admit(network, packet, this.#nowMs()),
      onUp: (segment) => {
        const { random } = this.#options;
        this.#conversations.set(segment, new Conversation(settings, () => random.next(), this.#nowMs()));
        this.#arm();
      },
      onDown: (segment) => {
        this.#conversations.delete(segment);
      },
      onPacket: this.#onPacket,
      onError: this.#onError,
    });
  }

  #listening(address: string): HostPort | undefined {
    try {
      return parseHostPort(address);
    } catch (cause) {
      this.#scanMs = Infinity;
      this.#onError(new SimpleDHTError('ERR_DISCOVERY', `Discovery cannot announce ${address}`, { cause }));
      return undefined;
    }
  }

  readonly #onPacket = (segment: Segment, kind: 'query' | 'response', packet: unknown): void => {
    const { service, announcement, settings } = this.#options;
    if (kind === 'response') this.#listener.response(segment.network, packet, this.#nowMs());
    else if (asksFor(service, packet, { id: announcement.id, ttlMs: settings.ttlMs })) {
      this.#conversations.get(segment)?.asked(this.#nowMs());
      this.#arm();
    }
  };

  readonly #onError = (error: Error): void => {
    if (this.#isStopped) return;
    try {
      this.#options.handlers.onError(error);
    } catch {
      this.counters.add('handlerErrors');
    }
  };

  #say(segment: Segment, saying: Saying): void {
    const { service, settings } = this.#options;
    this.counters.add(saying === 'query' ? 'queriesSent' : 'answersSent');
    const said =
      saying === 'query'
        ? segment.say('query', question(service))
        : segment.say('response', this.#answers(segment, settings.ttlMs));
    void said.then(() => {
      if (this.#conversations.has(segment)) this.#segments?.works(segment);
    });
  }

  #answers({ network }: Segment, ttlMs: number): object {
    const { service, announcement } = this.#options;
    const { id, tags } = announcement;
    return answers(service, { id, tags, port: this.#port, addresses: network.addresses, ttlMs });
  }

  #nowMs(): number {
    return this.#options.clock.monotonic();
  }
}
