import { afterWarmUp, descriptorsOf, residentBytesOf, slopeOf, type Point, type Slope } from './figures.ts';
import type { Member } from './member.ts';
import type { Sample } from './operations.ts';

const megabyte = 1_048_576;
/** What a process may gain in an hour. */
const goalMegabytesPerHour = 1;
/** The goal is judged where this much time lies behind it; before, only that nothing runs away. */
const leastHours = 1;
const runawayMegabytesPerHour = 100;
const looseMegabytes = 64;
/** Files that LMDB and the module loader open when they need them. */
const spareDescriptors = 3;
/** Timers of what is on its way at that moment. */
const spareResources = 40;

interface Taken extends Sample {
  readonly ms: number;
  readonly residentBytes: number | undefined;
  readonly descriptors: number | undefined;
}

/** What processes take of the machine, over time. */
export class Vitals {
  /** By process: a restarted member begins anew. */
  readonly #taken = new Map<number, Map<number, Taken[]>>();

  async take(member: Member): Promise<void> {
    const sample = await member.child.call<Sample>('sample');
    const { pid, index } = member;
    const ofMember = this.#taken.get(index) ?? new Map<number, Taken[]>();
    this.#taken.set(index, ofMember);
    const taken = ofMember.get(pid) ?? [];
    ofMember.set(pid, taken);
    const [residentBytes, descriptors] = [residentBytesOf(pid), descriptorsOf(pid)];
    taken.push({ ...sample, ms: performance.now(), residentBytes, descriptors });
  }

  get lastHeapMegabytes(): number[] {
    return [...this.#taken.keys()].map((index) => (this.of(index).at(-1)?.heapBytes ?? 0) / megabyte);
  }

  /** Samples of the latest process of a member. */
  of(index: number): readonly Taken[] {
    return [...(this.#taken.get(index)?.values() ?? [])].at(-1) ?? [];
  }

  heapSlope(index: number): Slope {
    return slopeOf(afterWarmUp(this.of(index)).map(({ ms, heapBytes }): Point => ({ ms, bytes: heapBytes })));
  }

  residentSlope(index: number): Slope {
    const points = afterWarmUp(this.of(index)).map(({ ms, residentBytes }): Point => ({
      ms,
      bytes: residentBytes ?? 0,
    }));
    return slopeOf(points);
  }

  /** What is wrong with these members, which ran all the time. */
  judge(indexes: readonly number[]): string[] {
    return indexes.flatMap((index) => this.#judgeOne(index).map((text) => `member ${String(index)}: ${text}`));
  }

  #judgeOne(index: number): string[] {
    const samples = afterWarmUp(this.of(index));
    const [first, last] = [samples[0], samples.at(-1)];
    if (first === undefined || last === undefined || first === last) return [];
    const wrong: string[] = [];
    const grown = (last.heapBytes - first.heapBytes) / megabyte;
    if (grown > looseMegabytes) wrong.push(`its heap grew by ${grown.toFixed(1)} MB`);
    const slope = this.heapSlope(index);
    const isLong = (last.ms - first.ms) / 3_600_000 >= leastHours;
    const most = isLong ? goalMegabytesPerHour : runawayMegabytesPerHour;
    // Twice its error: a slope that noise explains is none.
    if (slope.perHour - 2 * slope.error > most)
      wrong.push(`its heap grows by ${slope.perHour.toFixed(2)} ± ${slope.error.toFixed(2)} MB/h`);
    const descriptors = (last.descriptors ?? 0) - (first.descriptors ?? 0);
    if (descriptors > spareDescriptors) wrong.push(`it has ${String(descriptors)} more open descriptors`);
    const resources = last.resources - first.resources;
    if (resources > spareResources) wrong.push(`it has ${String(resources)} more timers and handles`);
    return wrong;
  }
}
