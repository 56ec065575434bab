import { getHeapStatistics } from 'node:v8';
import { Script } from 'node:vm';
import type { Target } from './target.ts';
import { Violation } from './violation.ts';

/** What one input may allocate beside this much for each of its bytes: a MessagePack object takes 200 for 1 (`limits.maxObjects`). */
const baseBytes = 4_194_304;
const bytesPerByte = 512;
/** Far above what any takes on a busy machine; what is slow is run again before it counts. */
const maxMs = 200;
const tries = 4;

const built = [Object.prototype, Array.prototype, Function.prototype, Uint8Array.prototype, Map.prototype] as const;
const namesOf = (): string => built.map((each) => Reflect.ownKeys(each).length).join();
const builtNames = namesOf();

function allocated(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

interface Cost {
  readonly way: string;
  readonly ms: number;
  readonly bytes: number;
}

function measure(target: Target, input: Uint8Array): Cost {
  const [bytes, ms] = [allocated(), performance.now()];
  const way = target.run(input.slice());
  return { way, ms: performance.now() - ms, bytes: allocated() - bytes };
}

/** Runs one input under the rules that hold for every target: bounded memory, bounded time (unless not `timed`), nothing global changed. */
export function guarded(target: Target, input: Uint8Array, timed: boolean): string {
  const maxBytes = baseBytes + bytesPerByte * input.length;
  const isDear = ({ ms, bytes }: Cost): boolean => bytes > maxBytes || (timed && ms > maxMs);
  let cost = measure(target, input);
  // A garbage collection or another process may be in between: it is the input's fault only when it happens every time.
  for (let left = tries; left > 0 && isDear(cost); left--) cost = measure(target, input);
  if (isDear(cost)) throw new Violation(`took ${String(cost.bytes)} bytes and ${cost.ms.toFixed(0)} ms`);
  if (namesOf() !== builtNames) throw new Violation('changed the prototype of something built in');
  return cost.way;
}

const running = Symbol.for('simpledht.fuzz.running');
const script = new Script("globalThis[Symbol.for('simpledht.fuzz.running')]()");

/** Runs it and stops it after so long: V8 can end a loop that nothing else can. False when it was stopped. */
export function within(ms: number, run: () => void): boolean {
  Reflect.set(globalThis, running, run);
  try {
    script.runInThisContext({ timeout: ms });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
    throw error;
  } finally {
    Reflect.deleteProperty(globalThis, running);
  }
}
