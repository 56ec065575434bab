import type { Clock } from '../clock.ts';
import { Queue } from '../link/queue.ts';
import type { TransportSettings } from './settings.ts';

interface Waiting {
  readonly requestId: number;
  readonly payload: Uint8Array;
}

/** Requests of one link, in the order in which they came. */
class Line {
  readonly waiting = new Queue<Waiting>();
  bytes = 0;
}

/**
 * Requests that came and are not handed over yet. They are at the end of the turn, one of each link after the other, so
 * that a peer that asks for much holds up nobody but itself; and while more datagrams wait in the socket, little time
 * goes into answers, because what waits there is lost when there is too much of it.
 *
 * Invariants: 1. a line is never empty; 2. one link's requests keep their order; 3. a link has its share of `maxWaitingRequestBytes`
 * waiting and one message more at most, because its packets are dropped unread while `isFull`, and are sent again.
 */
export class RequestQueue<Link extends object> {
  readonly #settings: TransportSettings;
  readonly #handOver: (link: Link, requestId: number, payload: Uint8Array) => void;
  readonly #lines = new Map<Link, Line>();
  #datagramsRead = 0;

  constructor(settings: TransportSettings, handOver: (link: Link, requestId: number, payload: Uint8Array) => void) {
    this.#settings = settings;
    this.#handOver = handOver;
  }

  /** One more of whatever kind since the last turn. */
  onDatagram(): void {
    this.#datagramsRead++;
  }

  isFull(link: Link): boolean {
    const bytes = this.#lines.get(link)?.bytes ?? 0;
    return bytes * (this.#lines.size + 1) >= this.#settings.maxWaitingRequestBytes;
  }

  add(link: Link, requestId: number, payload: Uint8Array): void {
    let line = this.#lines.get(link);
    if (line === undefined) {
      line = new Line();
      this.#lines.set(link, line);
    }
    line.waiting.push({ requestId, payload });
    line.bytes += payload.length;
  }

  /** Its link has ended: nobody waits for the answers. */
  forget(link: Link): void {
    this.#lines.delete(link);
  }

  /** One round at least, and further ones while there is time. True when some are left for another turn. */
  serve(clock: Clock): boolean {
    const { busyDatagrams, busyTurnMs, turnMs } = this.#settings;
    const budgetMs = this.#datagramsRead < busyDatagrams ? turnMs : busyTurnMs;
    this.#datagramsRead = 0;
    if (this.#lines.size === 0) return false;
    const untilMs = clock.monotonic() + budgetMs;
    do {
      for (const [link, line] of this.#lines) this.#serveOne(link, line);
    } while (this.#lines.size > 0 && clock.monotonic() < untilMs);
    return this.#lines.size > 0;
  }

  #serveOne(link: Link, line: Line): void {
    const request = line.waiting.shift();
    if (line.waiting.length === 0) this.#lines.delete(link);
    if (request === undefined) return;
    line.bytes -= request.payload.length;
    this.#handOver(link, request.requestId, request.payload);
  }
}
