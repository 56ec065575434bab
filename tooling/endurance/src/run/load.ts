import { setTimeout as wait } from 'node:timers/promises';
import type { History } from './history.ts';
import type { Member } from './member.ts';
import type { Operation } from './operations.ts';
import type { Draw } from './random.ts';

const tickMs = 20;
/** A member that owes so many answers gets no more for now. */
const maxUnsettled = 5_000;

export interface LoadOptions {
  readonly members: readonly Member[];
  readonly history: History;
  readonly draw: Draw;
  /** Of all members together. */
  readonly writesPerSecond: number;
  readonly keysPerMember: number;
}

/** Puts, deletes and values with a time, evenly over the members that run, until the signal. */
export async function writeUntil(signal: AbortSignal, options: LoadOptions): Promise<void> {
  let owed = 0;
  let lastMs = performance.now();
  while (!signal.aborted) {
    await wait(tickMs);
    const nowMs = performance.now();
    // What a late timer missed is made up for, but not what a machine that stood still did.
    owed += (Math.min(nowMs - lastMs, 10 * tickMs) * options.writesPerSecond) / 1000;
    lastMs = nowMs;
    const able = options.members.filter(
      (member) => member.isWritable && !member.isPaused && member.unsettled < maxUnsettled,
    );
    const each = Math.floor(owed / Math.max(1, able.length));
    owed -= each * able.length;
    for (const member of able) if (each > 0) member.write(operationsFor(member, each, options));
  }
}

function operationsFor(member: Member, count: number, { history, draw, keysPerMember }: LoadOptions): Operation[] {
  return Array.from({ length: count }, () => {
    const key = `${member.prefix}${String(draw.below(keysPerMember))}`;
    const lot = draw.between(0, 1);
    const kind = lot < 0.7 ? 'put' : lot < 0.85 ? 'delete' : 'ttl';
    const acks = draw.happens(0.1) ? 'majority' : 'local';
    return history.make(key, { kind, acks, ttlMs: Math.round(draw.between(2_000, 10_000)) }, Date.now());
  });
}
