import { newSecret } from '@simpledht/node';
import { Child } from '../child.ts';
import { startCluster } from '../cluster.ts';
import type { Calls } from '../roles/caller.ts';
import type { MemberOptions } from '../roles/member.ts';
import { median } from '../stats.ts';
import type { Row } from '../table.ts';
import { sustainedOnce } from './local.ts';
import { joinOnce, visibleOnce } from './spread.ts';

type Options = Pick<MemberOptions, 'secret'>;

/** One figure, measured once on a cluster of either kind. */
interface Pair {
  readonly figure: string;
  readonly unit: string;
  /** More is better. */
  readonly rate: boolean;
  readonly measure: (options: Options) => Promise<number>;
}

const joinSize = 100_000;

const pairs: readonly Pair[] = [
  { figure: 'P1 put, acks all, p50', unit: 'µs', rate: false, measure: (options) => latency(options, 'put', 'all') },
  { figure: 'P1 get, p50', unit: 'µs', rate: false, measure: (options) => latency(options, 'get', 'local') },
  { figure: 'P2 put, acks all, 64 in flight', unit: '/s', rate: true, measure: (options) => rate(options, 'put') },
  { figure: 'P2 get, 64 in flight', unit: '/s', rate: true, measure: (options) => rate(options, 'get') },
  { figure: 'P3 puts until all three nodes hold them', unit: '/s', rate: true, measure: sustainedOnce },
  { figure: 'P5 put → visible on another node, p50', unit: 'µs', rate: false, measure: visibleOnce },
  { figure: 'P6 an empty node joins 100,000 keys', unit: 's', rate: false, measure: joinedOnce },
];

/** P8: what a secret costs, each figure beside the same one without it, by turns. */
export async function sealed(runs: number): Promise<Row[]> {
  const secret = newSecret();
  const rows: Row[] = [];
  for (const { figure, unit, rate: isRate, measure } of pairs) {
    const [plain, with_]: [number[], number[]] = [[], []];
    for (let run = 0; run < runs; run++) {
      plain.push(await measure({}));
      with_.push(await measure({ secret }));
    }
    const cost = isRate ? median(plain) / median(with_) : median(with_) / median(plain);
    rows.push({
      figure: `P8 sealed: ${figure}`,
      unit,
      runs: with_,
      beside: { name: 'plain', runs: plain },
      goal: 'costs ≤ 2 × plain',
      reached: 2 / cost,
    });
  }
  return rows;
}

function latency(options: Options, verb: Calls['verb'], acks: Calls['acks']): Promise<number> {
  return called({ ...options, core: 0 }, { verb, acks, count: 3000, inFlight: 1 }).then(({ p50us }) => p50us);
}

function rate(options: Options, verb: Calls['verb']): Promise<number> {
  const acks = verb === 'put' ? 'all' : 'local';
  return called(options, { verb, acks, count: 60_000, inFlight: 64 }).then(({ perSecond }) => perSecond);
}

/** The second run counts: the first warms up. */
async function called(
  options: Options & { readonly core?: number },
  call: Omit<Calls, 'port'>,
): Promise<{ readonly p50us: number; readonly perSecond: number }> {
  const { members, port } = await startCluster(3, options);
  const caller = new Child('caller', options.core);
  const { secret } = options;
  const run = { ...call, port, ...(secret === undefined ? {} : { secret }) };
  await caller.call('run', run);
  const outcome = await caller.call<{ p50us: number; perSecond: number }>('run', run);
  for (const child of [...members, caller]) child.stop();
  return outcome;
}

async function joinedOnce(options: Options): Promise<number> {
  const { members, address } = await startCluster(2, options);
  await members[0]?.call('puts', 'k', joinSize);
  await members[1]?.call('until', joinSize);
  const seconds = await joinOnce(joinSize, { ...options, bootstrap: [address] });
  for (const member of members) member.stop();
  return seconds;
}
