import type { Span } from './origin-cover.ts';

/** Batches remembered; the oldest go first, and may then arrive in parts. */
const maxSpans = 1_024;

/** Where the batches of the own origin lie, so that each leaves in one delta. Of one record there is nothing to keep whole. */
export class BatchSpans {
  #spans: Span[] = [];

  get isEmpty(): boolean {
    return this.#spans.length === 0;
  }

  note(span: Span): void {
    if (span.to - span.from < 2) return;
    if (this.#spans.length >= maxSpans) this.#spans.shift();
    this.#spans.push(span);
  }

  /** The batch that a cut behind this number would divide. */
  around(seq: number): Span | undefined {
    return this.#spans.find(({ from, to }) => from < seq && seq < to);
  }

  /** Every member has covered the origin up to `seq`. */
  drop(seq: number): void {
    if (this.#spans.length > 0) this.#spans = this.#spans.filter(({ to }) => to > seq);
  }

  /** The numbers are of another origin from now on. */
  clear(): void {
    this.#spans = [];
  }
}
