import { seededRandom, type Random } from '@simpledht/transport';
import type { Coverage, Covered } from './coverage.ts';
import { guarded, within } from './guard.ts';
import { mutate, type Material } from './mutate.ts';
import type { Target } from './target.ts';
import { Violation } from './violation.ts';

export interface Failure {
  readonly target: string;
  readonly input: Uint8Array;
  readonly error: Error;
}

export interface FuzzOptions {
  readonly seed: number;
  /** Asked before every batch. */
  readonly goesOn: (runs: number) => boolean;
  /** Without it inputs are kept for the way that the decoder took alone. */
  readonly coverage?: Coverage;
  /** Whether a slow input is a failure. */
  readonly timed: boolean;
  readonly onFailure: (failure: Failure) => void;
}

export interface FuzzResult {
  readonly runs: number;
  readonly corpus: number;
  /** Of the bytes of the target's sources, 0 to 1; `undefined` without coverage. */
  readonly covered: number | undefined;
  /** Different ones, by message. */
  readonly failures: number;
}

/** Beyond it the oldest mutation makes room; seeds stay. */
const maxCorpus = 2000;
/** Of a batch: small ones while much is new, for each find costs the halvings of its batch. */
const [minBatch, maxBatch] = [16, 512] as const;
/** Of one target; more of them say nothing new. */
const maxFailures = 20;
/** A batch takes a tenth of a second; what is still running then will not end. */
const hangMs = 20_000;

/** Mutates inputs and keeps those that show something new. Deterministic by seed, apart from when it ends. */
export class Fuzzer {
  readonly #target: Target;
  readonly #options: FuzzOptions;
  readonly #random: Random;
  readonly #seeds: readonly Uint8Array[];
  readonly #corpus: Uint8Array[];
  readonly #words: readonly Uint8Array[];
  readonly #covered: Covered | undefined;
  readonly #ways = new Set<string>();
  readonly #told = new Set<string>();
  #runs = 0;
  #batchRuns: number = minBatch;
  #current: Uint8Array = new Uint8Array(0);

  constructor(target: Target, options: FuzzOptions) {
    this.#target = target;
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#seeds = target.seeds();
    this.#corpus = [...this.#seeds];
    this.#words = (target.words ?? ['__proto__', 'constructor', '\ufeff']).map(bytesOf);
    this.#covered = options.coverage?.of(target.sources);
  }

  run(): FuzzResult {
    this.#sow();
    while (this.#options.goesOn(this.#runs) && this.#told.size < maxFailures) {
      this.#batch(Array.from({ length: this.#batchRuns }, () => this.#next()));
    }
    const { length: corpus } = this.#corpus;
    return { runs: this.#runs, corpus, covered: this.#covered?.share, failures: this.#told.size };
  }

  /** Seeds are kept whatever they cover. */
  #sow(): void {
    // What targets before this one have run in sources that it shares with them.
    this.#covered?.take();
    this.#all(this.#seeds);
    this.#runs += this.#seeds.length;
    this.#covered?.add(this.#covered.take());
  }

  #next(): Uint8Array {
    const material: Material = { random: this.#random, corpus: this.#corpus, words: this.#words };
    // What was found last is looked at more often: it leads on.
    const age = this.#random.next() ** 2 * this.#corpus.length;
    const start = this.#corpus[this.#corpus.length - 1 - Math.floor(age)] ?? new Uint8Array(1);
    const input = mutate(material, start);
    return this.#random.next() < 0.9 ? (this.#target.repair?.(input) ?? input) : input;
  }

  #batch(inputs: readonly Uint8Array[]): void {
    const covered = this.#covered;
    this.#all(inputs);
    this.#runs += inputs.length;
    const taken = covered?.take();
    if (covered === undefined || taken === undefined || !covered.isNew(taken)) {
      this.#batchRuns = Math.min(maxBatch, this.#batchRuns * 2);
      return;
    }
    this.#batchRuns = Math.max(minBatch, this.#batchRuns / 2);
    this.#keepCovering(covered, inputs);
    // What no input brings alone depends on those before it.
    covered.add(taken);
  }

  /** To ask for coverage costs more than most inputs, so those that bring new blocks are found by halves. */
  #keepCovering(covered: Covered, inputs: readonly Uint8Array[]): void {
    this.#all(inputs);
    const taken = covered.take();
    const [first] = inputs;
    if (first === undefined || !covered.isNew(taken)) return;
    if (inputs.length === 1) {
      covered.add(taken);
      this.#keep(first);
      return;
    }
    const half = Math.ceil(inputs.length / 2);
    this.#keepCovering(covered, inputs.slice(0, half));
    this.#keepCovering(covered, inputs.slice(half));
  }

  #all(inputs: readonly Uint8Array[]): void {
    const hasEnded = within(hangMs, () => {
      for (const input of inputs) this.#once(input);
    });
    if (!hasEnded) this.#fail(new Violation('did not end'));
  }

  #once(input: Uint8Array): void {
    this.#current = input;
    try {
      const way = guarded(this.#target, input, this.#options.timed);
      if (this.#ways.has(way)) return;
      this.#ways.add(way);
      this.#keep(input);
    } catch (cause) {
      this.#fail(cause instanceof Error ? cause : new Error(String(cause)));
    }
  }

  #fail(error: Error): void {
    const words = `${error.name} ${error.message.replaceAll(/\d+/g, '#').slice(0, 60)}`;
    if (this.#told.has(words) || this.#told.size >= maxFailures) return;
    this.#told.add(words);
    this.#options.onFailure({ target: this.#target.name, input: this.#current, error });
  }

  #keep(input: Uint8Array): void {
    if (this.#corpus.length >= maxCorpus) this.#corpus.splice(this.#seeds.length, 1);
    this.#corpus.push(input);
  }
}

function bytesOf(word: string | Uint8Array): Uint8Array {
  return typeof word === 'string' ? Buffer.from(word) : word;
}
