import type { Origin } from '@simpledht/wire';
import type { Span } from './origin-cover.ts';

/** Batches remembered; the oldest go first, and may then arrive in parts. */
const maxSpans = 1_024;

/** Where the batches of the own origin lie, so that each leaves in one delta. Of one record there is nothing to keep whole. */
export class BatchSpans {
  #origin: Origin | undefined;
  #spans: Span[] = [];

  get isEmpty(): boolean {
    return this.#spans.length === 0;
  }

  /** The numbers of a former origin mean nothing any more. */
  note(origin: Origin, span: Span): void {
    if (origin !== this.#origin) this.#spans = [];
    this.#origin = origin;
    if (span.to - span.from < 2) return;
    if (this.#spans.length >= maxSpans) this.#spans.shift();
    this.#spans.push(span);
  }

  /** The batch that a cut behind this number would divide. */
  around(origin: Origin, seq: number): Span | undefined {
    return origin === this.#origin ? this.#spans.find(({ from, to }) => from < seq && seq < to) : undefined;
  }

  /** Every member has covered the origin up to `seq`. */
  drop(origin: Origin, seq: number): void {
    if (origin === this.#origin && !this.isEmpty) this.#spans = this.#spans.filter(({ to }) => to > seq);
  }
}
