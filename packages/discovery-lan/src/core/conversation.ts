import type { LanSettings } from './settings.ts';

export type Saying = 'query' | 'answer';

/** Announcements that nobody has asked for: the second one in case the first was lost (RFC 6762 §8.3). */
const announcements = 2;
/**
 * A question is put off for those of others at most so many times the longest pause: the more often, the more packets when
 * there are many nodes, each of which asks at least so often. They are found by their answers all the same.
 */
const patience = 30;

/**
 * When this node asks and answers on one interface.
 *
 * 1. Nobody is answered more often than once in `answerGapMs`, whoever asks.
 * 2. A question that somebody else asks is not asked again (RFC 6762 §7.3), but not for ever: it may have reached this node
 *    alone.
 */
export class Conversation {
  readonly #settings: LanSettings;
  /** Uniform in [0, 1). */
  readonly #random: () => number;
  #queryMs: number;
  #queryPauseMs: number;
  #queriedMs: number;
  #answerMs: number | undefined;
  #answeredMs: number = -Infinity;
  #announced = 0;

  constructor(settings: LanSettings, random: () => number, nowMs: number) {
    this.#settings = settings;
    this.#random = random;
    this.#queryPauseMs = settings.queryMs;
    this.#queriedMs = nowMs;
    this.#queryMs = nowMs + this.#delayMs();
    this.#answerMs = nowMs + this.#delayMs();
  }

  /** Somebody asks for nodes. */
  asked(nowMs: number): void {
    const { answerGapMs, maxQueryMs } = this.#settings;
    this.#answerMs ??= Math.max(nowMs + this.#delayMs(), this.#answeredMs + answerGapMs);
    const laterMs = nowMs + this.#pauseMs();
    this.#queryMs = Math.max(this.#queryMs, Math.min(laterMs, this.#queriedMs + patience * maxQueryMs));
  }

  deadline(): number {
    return Math.min(this.#queryMs, this.#answerMs ?? Infinity);
  }

  /** What is to be said now. */
  take(nowMs: number): readonly Saying[] {
    const due: Saying[] = [];
    if (this.#answerMs !== undefined && this.#answerMs <= nowMs) due.push(this.#answer(nowMs));
    if (this.#queryMs <= nowMs) due.push(this.#query(nowMs));
    return due;
  }

  #answer(nowMs: number): Saying {
    this.#answeredMs = nowMs;
    this.#announced++;
    this.#answerMs = this.#announced < announcements ? nowMs + this.#settings.answerGapMs : undefined;
    return 'answer';
  }

  #query(nowMs: number): Saying {
    this.#queriedMs = nowMs;
    this.#queryMs = nowMs + this.#pauseMs();
    this.#queryPauseMs = Math.min(2 * this.#queryPauseMs, this.#settings.maxQueryMs);
    return 'query';
  }

  /** A fifth more or less: nodes that were started together do not ask together. */
  #pauseMs(): number {
    return this.#queryPauseMs * (0.8 + 0.4 * this.#random());
  }

  #delayMs(): number {
    return this.#settings.maxDelayMs * (1 / 6 + (5 / 6) * this.#random());
  }
}
