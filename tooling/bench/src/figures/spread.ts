import { Child } from '../child.ts';
import { startCluster } from '../cluster.ts';
import { median } from '../stats.ts';
import type { Row } from '../table.ts';

/** P5: put called → visible on another node, beside half a raw echo. */
export async function visibility(runs: number): Promise<Row[]> {
  const { members } = await startCluster(3, 0);
  const [writer, reader] = members;
  if (writer === undefined || reader === undefined) throw new Error('no cluster');
  const [listener, sender] = [new Child('echo', 0), new Child('echo', 0)];
  const port = await listener.call<number>('listen');
  const seen: number[] = [];
  const raw: number[] = [];
  // One more than counted: the first warms up.
  for (let run = 0; run <= runs; run++) {
    await reader.call('watch');
    const put = await writer.call<Record<string, number>>('putsOneByOne', 1000, 1);
    const at = await reader.call<Record<string, number>>('seen');
    const times = Object.entries(put).map(([key, begun]) => (at[key] ?? Number.NaN) - begun);
    const echo = await sender.call<{ p50us: number }>('run', port, 2000, 1, 150);
    if (run === 0) continue;
    seen.push(median(times.filter((time) => !Number.isNaN(time))));
    raw.push(echo.p50us / 2);
  }
  for (const child of [...members, listener, sender]) child.stop();
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

/** P6: an empty node joins. */
export async function join(runs: number, size: number, goalSeconds: number): Promise<Row[]> {
  const { members, address } = await startCluster(2);
  const [writer] = members;
  await writer?.call('puts', 'k', size);
  const seconds: number[] = [];
  for (let run = 0; run < runs; run++) {
    const joiner = new Child('member');
    const { ms, size: got } = await joiner.call<{ ms: number; size: number }>('startTimed', [address]);
    if (got !== size) throw new Error(`joined with ${String(got)} of ${String(size)} keys`);
    seconds.push(ms / 1000);
    await joiner.call('stop');
    joiner.stop();
  }
  for (const member of members) member.stop();
  return [
    {
      figure: `P6 an empty node joins ${size.toLocaleString('en-US')} keys`,
      unit: 's',
      runs: seconds,
      goal: `≤ ${String(goalSeconds)} s`,
      reached: goalSeconds / median(seconds),
    },
  ];
}
