/** Sorted copy. */
function sorted(samples: readonly number[]): number[] {
  return [...samples].sort((a, b) => a - b);
}

/** The value below which `share` (0 … 1) of the samples lie; NaN without samples. */
export function percentile(samples: readonly number[], share: number): number {
  const ordered = sorted(samples);
  return ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * share))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** 1,234,567 → '1,234,567'; 0.123 → '0.123'. */
export function show(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
}
