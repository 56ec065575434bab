import { setTimeout as wait } from 'node:timers/promises';
import { memberAt, type Member } from './member.ts';
import type { Held } from './operations.ts';

const pollMs = 100;
const startMs = 60_000;

/** Whether it came true in time. */
export async function until(isSo: () => Promise<boolean> | boolean, withinMs: number): Promise<boolean> {
  const endMs = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) return false;
    await wait(pollMs);
  }
  return true;
}

/** Starts all; every one has every other. */
export async function startAll(members: readonly Member[]): Promise<void> {
  await Promise.all(members.map((member) => member.start()));
  if (!(await until(() => areWhole(members), startMs)))
    throw new Error(`the cluster did not form within ${String(startMs / 1000)} s`);
}

async function areWhole(members: readonly Member[]): Promise<boolean> {
  const alive = await Promise.all(members.map((member) => member.child.call<number>('alive')));
  return alive.every((count) => count === members.length);
}

export async function areEqual(members: readonly Member[]): Promise<boolean> {
  if (!(await areWhole(members))) return false;
  const digests = await Promise.all(members.map((member) => member.child.call<string>('digest')));
  return new Set(digests).size === 1;
}

export async function tombstonesOf(members: readonly Member[]): Promise<number> {
  const counts = await Promise.all(members.map((member) => member.child.call<number>('tombstones')));
  return Math.max(...counts);
}

export function heldBy(members: readonly Member[], index: number): Promise<Held[]> {
  return memberAt(members, index).child.call<Held[]>('held');
}

/** What each member sees, for a failure: whom it has, how much it holds. */
export async function describeAll(members: readonly Member[]): Promise<string[]> {
  return Promise.all(
    members.map(async (member) => {
      const name = `member ${String(member.index)}`;
      if (!member.runs) return `${name} does not run`;
      const [alive, held, digest] = await Promise.all([
        member.child.call<number>('alive'),
        member.child.call<Held[]>('held'),
        member.child.call<string>('digest'),
      ]);
      return `${name}: ${String(alive)} alive, ${String(held.length)} keys, digest ${digest.slice(0, 8)}`;
    }),
  );
}
