import { Session } from 'node:inspector';
import type { Profiler } from 'node:inspector';

/** 1 for each byte of a source that has run, by the source's URL. */
type Bytes = ReadonlyMap<string, Uint8Array>;

/**
 * Block coverage as V8 counts it (Chrome DevTools Protocol, `Profiler`), per source and byte. Must be started before the
 * sources are loaded. Nothing is instrumented, so the code that runs is the code that is shipped.
 */
export class Coverage {
  readonly #session = new Session();
  /** What ran while the sources were loaded: all functions are listed then, and what ran is no decoder's merit. */
  #loaded: Bytes | undefined;

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Begins to count for one target. */
  of(sources: readonly string[]): Covered {
    this.#loaded ??= this.take(['/']);
    const isOfTarget = ([url]: readonly [string, Uint8Array]): boolean => isOf(url, sources);
    return new Covered(this, sources, new Map([...this.#loaded].filter(isOfTarget)));
  }

  /** What ran since the last call. */
  take(sources: readonly string[]): Bytes {
    const bytes = new Map<string, Uint8Array>();
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      for (const script of result) if (isOf(script.url, sources)) bytes.set(script.url, bytesOf(script));
    });
    return bytes;
  }
}

/** What has run of the sources of one target. */
export class Covered {
  readonly #coverage: Coverage;
  readonly #sources: readonly string[];
  readonly #bytes: Map<string, Uint8Array>;

  constructor(coverage: Coverage, sources: readonly string[], loaded: Map<string, Uint8Array>) {
    this.#coverage = coverage;
    this.#sources = sources;
    this.#bytes = loaded;
  }

  take(): Bytes {
    return this.#coverage.take(this.#sources);
  }

  /** Whether some of this had never run. */
  isNew(taken: Bytes): boolean {
    for (const [url, bytes] of taken) {
      const before = this.#bytes.get(url);
      for (let at = 0; at < bytes.length; at++) if (bytes[at] === 1 && before?.[at] !== 1) return true;
    }
    return false;
  }

  add(taken: Bytes): void {
    for (const [url, bytes] of taken) {
      const sum = new Uint8Array(Math.max(bytes.length, this.#bytes.get(url)?.length ?? 0));
      sum.set(this.#bytes.get(url) ?? []);
      for (let at = 0; at < bytes.length; at++) if (bytes[at] === 1) sum[at] = 1;
      this.#bytes.set(url, sum);
    }
  }

  /** Share of the sources' bytes that have run, 0 to 1. */
  get share(): number {
    const figures = { covered: 0, all: 0 };
    for (const bytes of this.#bytes.values()) {
      figures.all += bytes.length;
      for (const byte of bytes) figures.covered += byte;
    }
    return figures.covered / Math.max(1, figures.all);
  }
}

function isOf(url: string, sources: readonly string[]): boolean {
  return sources.some((source) => url.includes(source));
}

function bytesOf({ functions }: Profiler.ScriptCoverage): Uint8Array {
  const ranges = functions.flatMap((each) => each.ranges);
  const bytes = new Uint8Array(ranges.reduce((end, { endOffset }) => Math.max(end, endOffset), 0));
  // Outer ranges come before inner ones, which know better.
  for (const { startOffset, endOffset, count } of ranges) bytes.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  return bytes;
}
