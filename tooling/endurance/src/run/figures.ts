import { readdirSync, readFileSync } from 'node:fs';

const megabyte = 1_048_576;

/** A straight line through samples, by least squares. */
export interface Slope {
  /** MB an hour. */
  readonly perHour: number;
  /** Standard error of it; infinite for fewer than three samples. */
  readonly error: number;
}

export interface Point {
  readonly ms: number;
  readonly bytes: number;
}

export function slopeOf(points: readonly Point[]): Slope {
  const count = points.length;
  if (count < 2) return { perHour: 0, error: Infinity };
  const hours = points.map(({ ms }) => ms / 3_600_000);
  const megabytes = points.map(({ bytes }) => bytes / megabyte);
  const [meanHours, meanMegabytes] = [mean(hours), mean(megabytes)];
  const spread = hours.reduce((sum, hour) => sum + (hour - meanHours) ** 2, 0);
  const together = hours.reduce(
    (sum, hour, at) => sum + (hour - meanHours) * ((megabytes[at] ?? 0) - meanMegabytes),
    0,
  );
  const perHour = together / spread;
  const rest = hours.reduce(
    (sum, hour, at) => sum + ((megabytes[at] ?? 0) - meanMegabytes - perHour * (hour - meanHours)) ** 2,
    0,
  );
  return { perHour, error: count < 3 ? Infinity : Math.sqrt(rest / (count - 2) / spread) };
}

/** What comes after the warm-up: the first quarter of a run fills maps, tables and code caches. */
export function afterWarmUp<Sample>(samples: readonly Sample[]): readonly Sample[] {
  return samples.slice(Math.ceil(samples.length / 4));
}

/** Open descriptors of a process; `undefined` where the system does not tell. */
export function descriptorsOf(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${String(pid)}/fd`).length;
  } catch {
    return undefined;
  }
}

/** Resident memory that is the process's own: pages of files, such as those of a store, belong to the system's cache. */
export function residentBytesOf(pid: number): number | undefined {
  try {
    const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
