import type { TcpSettings } from './settings.ts';

/** What is due on a connection that is up. */
export type Due = 'ping' | 'no answer' | 'the peer takes nothing' | 'idle' | 'peer restarted' | 'replaced' | undefined;

/** What a connection is at. */
export interface Activity {
  /** Requests wait on it, or something is to be written. */
  readonly isBusy: boolean;
  /** The system has bytes to take. */
  readonly isWriting: boolean;
  /** What comes is read. */
  readonly isReading: boolean;
}

/** When a connection was last heard, used and relieved of bytes, and what follows. Times are monotonic ms. */
export class Timing {
  readonly #settings: TcpSettings;
  #heardMs: number;
  #usedMs: number;
  /** When the system last took something, while it had something to take. */
  #progressMs: number;
  #pingedMs: number | undefined;
  #challengedMs: number | undefined;
  #retiredMs: number | undefined;

  constructor(settings: TcpSettings, nowMs: number) {
    this.#settings = settings;
    this.#heardMs = nowMs;
    this.#usedMs = nowMs;
    this.#progressMs = nowMs;
  }

  get usedMs(): number {
    return this.#usedMs;
  }

  get isChallenged(): boolean {
    return this.#challengedMs !== undefined;
  }

  onHeard(nowMs: number): void {
    this.#heardMs = nowMs;
    this.#pingedMs = undefined;
    this.#challengedMs = undefined;
  }

  onUsed(nowMs: number): void {
    this.#usedMs = nowMs;
  }

  onProgress(nowMs: number): void {
    this.#progressMs = nowMs;
  }

  onPinged(nowMs: number): void {
    this.#pingedMs = nowMs;
  }

  challenge(nowMs: number): void {
    this.#challengedMs = nowMs;
  }

  retire(nowMs: number): void {
    this.#retiredMs ??= nowMs;
  }

  due(nowMs: number, activity: Activity): Due {
    return this.#entries(activity).find(([, dueMs]) => dueMs <= nowMs)?.[0];
  }

  deadline(activity: Activity): number {
    return Math.min(...this.#entries(activity).map(([, dueMs]) => dueMs));
  }

  #entries({ isBusy, isWriting, isReading }: Activity): (readonly [Exclude<Due, undefined>, number])[] {
    const { keepaliveMs, downAfterMs, idleTimeoutMs, challengeTimeoutMs, retireTimeoutMs } = this.#settings;
    const entries: (readonly [Exclude<Due, undefined>, number])[] = [];
    if (this.#challengedMs !== undefined) entries.push(['peer restarted', this.#challengedMs + challengeTimeoutMs]);
    if (this.#retiredMs !== undefined) entries.push(['replaced', this.#retiredMs + retireTimeoutMs]);
    if (!isBusy) entries.push(['idle', this.#usedMs + idleTimeoutMs]);
    if (isWriting) entries.push(['the peer takes nothing', this.#progressMs + downAfterMs]);
    if (isReading && this.#pingedMs !== undefined) entries.push(['no answer', this.#pingedMs + downAfterMs]);
    if (isReading && keepaliveMs > 0 && this.#pingedMs === undefined)
      entries.push(['ping', this.#heardMs + keepaliveMs]);
    return entries;
  }
}
