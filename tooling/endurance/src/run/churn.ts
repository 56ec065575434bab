import { memberAt, type Member } from './member.ts';
import type { Draw } from './random.ts';
import { isOver, pauseFor, type Counts } from './weather.ts';

export const churnKinds = ['kill', 'pause', 'leave', 'replace'] as const;
export type ChurnKind = (typeof churnKinds)[number];

export interface ChurnOptions {
  readonly members: readonly Member[];
  /** The first so many are never ended: what they take of memory is watched. */
  readonly steady: number;
  readonly kinds: readonly ChurnKind[];
  readonly draw: Draw;
  readonly counts: Counts;
  /** Takes the ids of those that will not come back. */
  readonly replaced: string[];
}

/** Members end and come back, one at a time, until the signal; then all run. */
export async function churnUntil(signal: AbortSignal, options: ChurnOptions): Promise<void> {
  const { members, steady, draw, counts } = options;
  let mayReplace = true;
  while (!isOver(signal) && options.kinds.length > 0) {
    await pauseFor(draw.between(1_000, 4_000), signal);
    if (isOver(signal)) return;
    // Two disks that are lost between two comparisons could hold all copies of a write.
    const kind = draw.one(options.kinds.filter((each) => mayReplace || each !== 'replace'));
    const index = kind === 'pause' ? draw.below(members.length) : steady + draw.below(members.length - steady);
    if (kind === 'replace') mayReplace = false;
    counts.add(kind);
    await strike(kind, memberAt(members, index), options, signal);
  }
}

async function strike(kind: ChurnKind, member: Member, { draw, replaced }: ChurnOptions, signal: AbortSignal) {
  if (kind === 'pause') {
    member.pause(true);
    await pauseFor(draw.between(200, 8_000), signal);
    member.pause(false);
    return;
  }
  await (kind === 'leave' ? member.leave() : member.kill());
  const { id } = member;
  if (kind === 'replace') member.wipe();
  await pauseFor(draw.between(0, 5_000), signal);
  await member.start();
  if (kind === 'replace') replaced.push(id);
}
