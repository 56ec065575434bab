import { setTimeout as wait } from 'node:timers/promises';
import type { Network, NetworkFault, NetworkFaultKind } from '../network/network.ts';
import type { Draw } from './random.ts';

/** Counts of what happened, by name. */
export class Counts {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  toString(): string {
    return [...this.#counts].map(([name, count]) => `${name} ${String(count)}`).join(', ') || 'none';
  }
}

/** Waits, but no longer than until the signal. */
export async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}

/** Asked anew after each wait, which a type does not know. */
export function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

export interface WeatherOptions {
  readonly network: Network;
  readonly kinds: readonly NetworkFaultKind[];
  readonly members: number;
  readonly draw: Draw;
  readonly counts: Counts;
}

/** Faults of the network, up to two at a time, that come and go until the signal; then all is well again. */
export async function stormUntil(signal: AbortSignal, options: WeatherOptions): Promise<void> {
  const { network, kinds, members, draw, counts } = options;
  while (!isOver(signal) && kinds.length > 0) {
    await pauseFor(draw.between(500, 3_000), signal);
    if (isOver(signal)) break;
    const chosen = [draw.one(kinds), ...(draw.happens(0.3) ? [draw.one(kinds)] : [])];
    for (const kind of new Set(chosen)) {
      counts.add(kind);
      await network.begin(drawFault(kind, draw, members));
    }
    await pauseFor(draw.between(1_000, 8_000), signal);
    await network.heal();
  }
  await network.heal();
}

function drawFault(kind: NetworkFaultKind, draw: Draw, members: number): NetworkFault {
  switch (kind) {
    case 'loss':
      return { kind, share: draw.between(0.02, 0.3) };
    case 'duplicate':
      return { kind, share: draw.between(0.05, 0.5) };
    case 'corrupt':
      return { kind, share: draw.between(0.001, 0.02) };
    case 'delay':
      return { kind, delayMs: draw.between(1, 100), jitterMs: draw.between(0, 100) };
    case 'deaf':
    case 'mute':
      return { kind, member: draw.below(members) };
    case 'split':
      return { kind, first: 1 + draw.below(members - 1) };
    case 'rate':
      return { kind, kilobitsPerSecond: Math.round(draw.between(1_000, 10_000)) };
  }
}
