import { drawPlan, type DrawOptions } from './plan/draw.ts';
import { runPlan } from './run/run.ts';
import type { Tally } from './run/tally.ts';

/** Which runs one process makes. */
export interface Batch {
  readonly from: number;
  /** Processes take turns with the seeds. */
  readonly stride: number;
  readonly count: number;
  readonly draw: DrawOptions;
  /** No run begins after so many seconds. */
  readonly maxSeconds: number;
  readonly stopsAtFailure: boolean;
}

export interface Failure {
  readonly seed: number;
  readonly invariant: string;
  readonly message: string;
}

export interface Results {
  readonly tally: Tally;
  readonly failures: readonly Failure[];
  /** Time of the processor, ms. */
  readonly cpuMs: number;
}

/** Runs a batch and tells after each run what it came to. */
export async function runBatch(batch: Batch, tell: (results: Results) => void): Promise<void> {
  const startedMs = performance.now();
  for (let run = 0; run < batch.count; run++) {
    if (performance.now() - startedMs > batch.maxSeconds * 1_000) return;
    const seed = batch.from + run * batch.stride;
    const before = process.cpuUsage();
    const { tally, violation } = await runPlan(drawPlan(seed, batch.draw));
    const { user, system } = process.cpuUsage(before);
    const failure =
      violation === undefined ? [] : [{ seed, invariant: violation.invariant, message: violation.message }];
    tell({ tally, failures: failure, cpuMs: (user + system) / 1_000 });
    if (batch.stopsAtFailure && failure.length > 0) return;
  }
}
