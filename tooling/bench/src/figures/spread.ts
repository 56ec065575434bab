import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Child } from '../child.ts';
import { startCluster } from '../cluster.ts';
import type { MemberOptions } from '../roles/member.ts';
import { hasDiskStore } from '../store.ts';
import { median } from '../stats.ts';
import type { Row } from '../table.ts';

/** P5: put called → visible on another node, beside half a raw echo. */
export async function visibility(runs: number): Promise<Row[]> {
  const seen: number[] = [];
  const raw: number[] = [];
  const [listener, sender] = [new Child('echo', 0), new Child('echo', 0)];
  const port = await listener.call<number>('listen');
  for (let run = 0; run < runs; run++) {
    seen.push(await visibleOnce({}));
    const echo = await sender.call<{ p50us: number }>('run', port, 2000, 1, 150);
    raw.push(echo.p50us / 2);
  }
  for (const child of [listener, sender]) child.stop();
  const reached = (2 * median(raw)) / median(seen);
  return [
    {
      figure: 'P5 put → visible on another node, p50',
      unit: 'µs',
      runs: seen,
      beside: { name: 'one raw datagram', runs: raw },
      goal: '≤ 2 × raw',
      reached,
    },
  ];
}

/** The second round counts: the first warms up. */
export async function visibleOnce(options: Pick<MemberOptions, 'secret'>): Promise<number> {
  const { members } = await startCluster(3, { ...options, core: 0 });
  const [writer, reader] = members;
  if (writer === undefined || reader === undefined) throw new Error('no cluster');
  let times: number[] = [];
  for (let round = 0; round < 2; round++) {
    await reader.call('watch');
    const put = await writer.call<Record<string, number>>('putsOneByOne', 1000, 1);
    const at = await reader.call<Record<string, number>>('seen');
    times = Object.entries(put).map(([key, begun]) => (at[key] ?? Number.NaN) - begun);
  }
  for (const member of members) member.stop();
  return median(times.filter((time) => !Number.isNaN(time)));
}

export interface JoinCase {
  readonly size: number;
  readonly goalSeconds: number;
  /** Largest datagram, on loopback too. */
  readonly datagramBytes?: number;
  /** The joiner keeps its map on disk. */
  readonly onDisk?: boolean;
}

/** P6: an empty node joins; each run in a new process, which compiles while it joins. */
export async function join(runs: number, { size, goalSeconds, datagramBytes, onDisk }: JoinCase): Promise<Row[]> {
  if (onDisk === true && !(await hasDiskStore())) return [];
  const small = datagramBytes === undefined ? {} : { datagramBytes };
  const { members, address } = await startCluster(2, small);
  await members[0]?.call('puts', 'k', size);
  await members[1]?.call('until', size);
  const seconds: number[] = [];
  for (let run = 0; run < runs; run++) {
    const data = onDisk === true ? mkdtempSync(path.join(tmpdir(), 'simpledht-bench-')) : undefined;
    seconds.push(await joinOnce(size, { ...small, bootstrap: [address], ...(data === undefined ? {} : { data }) }));
    if (data !== undefined) rmSync(data, { recursive: true, force: true });
  }
  for (const member of members) member.stop();
  const what = `${onDisk === true ? ', LMDB' : ''}${datagramBytes === undefined ? '' : `, ${String(datagramBytes)}-byte datagrams`}`;
  return [
    {
      figure: `P6 an empty node joins ${size.toLocaleString('en-US')} keys${what}`,
      unit: 's',
      runs: seconds,
      goal: `≤ ${String(goalSeconds)} s${what === '' ? '' : ' (of the plain join)'}`,
      reached: goalSeconds / median(seconds),
    },
  ];
}

export async function joinOnce(size: number, options: MemberOptions): Promise<number> {
  const joiner = new Child('member');
  const { ms, size: got } = await joiner.call<{ ms: number; size: number }>('startTimed', options);
  if (got !== size) throw new Error(`joined with ${String(got)} of ${String(size)} keys`);
  await joiner.call('stop');
  joiner.stop();
  return ms / 1000;
}
