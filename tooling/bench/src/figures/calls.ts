import { Child } from '../child.ts';
import { startCluster } from '../cluster.ts';
import { median } from '../stats.ts';
import type { Row } from '../table.ts';

interface Outcome {
  readonly p50us: number;
  readonly perSecond: number;
}

interface Calls {
  readonly echo: Outcome[];
  readonly local: Outcome[];
  readonly all: Outcome[];
  readonly get: Outcome[];
}

/** Runs raw echo, puts and gets in turn, so that all see the same mood of the machine. */
async function measure(runs: number, count: number, inFlight: number, core?: number): Promise<Calls> {
  const { members, port } = await startCluster(3, core === undefined ? {} : { core });
  const caller = new Child('caller', core);
  const [listener, sender] = [new Child('echo', core), new Child('echo', core)];
  const echoPort = await listener.call<number>('listen');
  const calls: Calls = { echo: [], local: [], all: [], get: [] };
  // One more than counted: the first warms up.
  for (let run = 0; run <= runs; run++) {
    const echo = await sender.call<Outcome>('run', echoPort, count, inFlight, 150);
    const local = await caller.call<Outcome>('run', { port, verb: 'put', acks: 'local', count, inFlight });
    const all = await caller.call<Outcome>('run', { port, verb: 'put', acks: 'all', count, inFlight });
    const get = await caller.call<Outcome>('run', { port, verb: 'get', acks: 'local', count, inFlight });
    if (run === 0) continue;
    calls.echo.push(echo);
    calls.local.push(local);
    calls.all.push(all);
    calls.get.push(get);
  }
  for (const child of [...members, caller, listener, sender]) child.stop();
  return calls;
}

/** P1: put from another process, one at a time. */
export async function oneAtATime(runs: number): Promise<Row[]> {
  const { echo, local, all, get } = await measure(runs, 3000, 1, 0);
  const p50 = (outcomes: readonly Outcome[]): number[] => outcomes.map(({ p50us }) => p50us);
  const beside = { name: 'raw dgram echo', runs: p50(echo) };
  const limit = median(p50(echo));
  return [
    {
      figure: 'P1 put, acks local, p50',
      unit: 'µs',
      runs: p50(local),
      beside,
      goal: '≤ 2 × raw echo',
      reached: (2 * limit) / median(p50(local)),
    },
    {
      figure: 'P1 put, acks all, p50',
      unit: 'µs',
      runs: p50(all),
      beside,
      goal: 'below Redis SET + WAIT 2 (103 µs, another run)',
    },
    {
      figure: 'P1 get, p50',
      unit: 'µs',
      runs: p50(get),
      beside,
      goal: '≤ 2 × raw echo',
      reached: (2 * limit) / median(p50(get)),
    },
  ];
}

/** P2: the same with 64 in flight. */
export async function inFlight64(runs: number): Promise<Row[]> {
  const { echo, local, all, get } = await measure(runs, 60_000, 64);
  const rate = (outcomes: readonly Outcome[]): number[] => outcomes.map(({ perSecond }) => perSecond);
  const beside = { name: 'raw dgram echo', runs: rate(echo) };
  const [locals, alls, gets] = [rate(local), rate(all), rate(get)];
  return [
    {
      figure: 'P2 put, acks local, 64 in flight',
      unit: '/s',
      runs: locals,
      beside,
      goal: 'above Redis (93,000/s, another run)',
      reached: median(locals) / 93_000,
    },
    {
      figure: 'P2 put, acks all, 64 in flight',
      unit: '/s',
      runs: alls,
      beside,
      goal: '≥ 60,000/s',
      reached: median(alls) / 60_000,
    },
    {
      figure: 'P2 get, 64 in flight',
      unit: '/s',
      runs: gets,
      beside,
      goal: 'above raw echo',
      reached: median(gets) / median(rate(echo)),
    },
  ];
}
