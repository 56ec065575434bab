// Bulk transfers beside small requests over real UDP, in network namespaces. Linux and root; npm run bench:network
import { fileURLToPath } from 'node:url';
import { main, text } from '@simpledht/script-options';
import { Machines } from './machines.ts';
import type { LineOptions, ReceiverOptions, RelayOptions, SenderFigures, SenderOptions } from './options.ts';

const usage = {
  command: 'npm run bench:network',
  about: 'Bulk transfers beside small requests over real UDP, in network namespaces: Linux and root, about 5 minutes.',
  examples: [["--only '25 % loss'", 'the lines that lose so much']],
  options: { only: text({ help: 'only these lines', takes: 'a part of their names', sign: 'TEXT' }) },
} as const;

const megabyte = 1_000_000;
/** A little less than a receiver's default; the system doubles it for its own use. */
const stockBufferBytes = 106_496;
const askedBufferBytes = 4_194_304;
const slow = { bytesPerSecond: 1_250_000, queueBytes: 62_500 };
const fast = { bytesPerSecond: 1e12, queueBytes: 1e12 };

interface Case {
  readonly name: string;
  readonly line: LineOptions;
  readonly bytes: number;
  readonly senders: number;
  readonly stockBuffer: boolean;
}

function bulk(name: string, line: LineOptions, options: Partial<Case> = {}): Case {
  return { name, line, bytes: 2 * megabyte, senders: 1, stockBuffer: false, ...options };
}

const slowCases: readonly Case[] = [
  bulk('10 Mbit/s, no loss, 20 ms', { ...slow, loss: 0, delayMs: 20 }, { bytes: 100 * megabyte }),
  bulk(
    '10 Mbit/s, no loss, 20 ms, stock buffers',
    { ...slow, loss: 0, delayMs: 20 },
    { bytes: 100 * megabyte, stockBuffer: true },
  ),
  ...[20, 100].flatMap((delayMs) =>
    [0.01, 0.1, 0.25].map((loss) =>
      bulk(`10 Mbit/s, ${String(loss * 100)} % loss, ${String(delayMs)} ms`, { ...slow, loss, delayMs }),
    ),
  ),
  bulk('10 Mbit/s, two senders, 20 ms', { ...slow, loss: 0, delayMs: 20 }, { bytes: 20 * megabyte, senders: 2 }),
];

/** One after the other: they take all of the machine. */
const fastCases: readonly Case[] = [
  bulk('no limit, no delay', { ...fast, loss: 0, delayMs: 0 }, { bytes: 100 * megabyte }),
  bulk(
    'no limit, no delay, stock buffers',
    { ...fast, loss: 0, delayMs: 0 },
    { bytes: 100 * megabyte, stockBuffer: true },
  ),
];

async function measure({ line, bytes, senders, stockBuffer }: Case): Promise<SenderFigures[]> {
  const machines = new Machines(senders + 1);
  const receiveBufferBytes = stockBuffer ? stockBufferBytes : askedBufferBytes;
  try {
    const receiverOptions: ReceiverOptions = { ip: machines.ip(0, 'host'), receiveBufferBytes };
    const { address } = await first<{ address: string }>(machines.run(0, 'receiver.ts', receiverOptions));
    const hosts = Array.from({ length: senders }, (_, index) => index + 1);
    const relayOptions: RelayOptions = {
      receiver: { ip: machines.ip(0, 'host'), port: Number(address.split(':')[1]) },
      receiverSideIp: machines.ip(0, 'router'),
      senderSideIps: hosts.map((host) => machines.ip(host, 'router')),
      line,
    };
    const { addresses } = await first<{ addresses: string[] }>(machines.run('router', 'relay.ts', relayOptions));
    const figures = hosts.map((host) => {
      const to = addresses[host - 1] ?? '';
      const ip = machines.ip(host, 'host');
      const senderOptions: SenderOptions = { ip, to, receiveBufferBytes, bytes, asksSmall: host === 1 };
      return first<SenderFigures>(machines.run(host, 'sender.ts', senderOptions));
    });
    return await Promise.all(figures);
  } finally {
    machines.remove();
  }
}

/** What a script says first. */
async function first<Line>(lines: AsyncIterator<unknown>): Promise<Line> {
  const said: IteratorResult<unknown, unknown> = await lines.next();
  if (said.done === true) throw new Error('A script ended without a word');
  // Both ends of this line are of this folder.
  return said.value as Line;
}

function percentile(ascending: readonly number[], part: number): string {
  const value = ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * part))];
  return value === undefined ? '' : value.toFixed(value < 10 ? 1 : 0);
}

function row({ name, bytes }: Case, figures: readonly SenderFigures[]): string {
  const rates = figures.map(({ seconds }) => bytes / seconds / megabyte);
  const ascending = (figures[0]?.smallMs ?? []).toSorted((a, b) => a - b);
  const count = (name: string): string => String(figures[0]?.counters[name] ?? 0);
  const sum = rates.reduce((total, rate) => total + rate, 0);
  const jain = sum ** 2 / (rates.length * rates.reduce((total, rate) => total + rate ** 2, 0));
  const failures = figures.reduce((total, each) => total + each.failures, 0);
  const cells = [
    name,
    `${String(bytes / megabyte)} MB`,
    rates.map((rate) => rate.toFixed(rate < 0.1 ? 3 : 2)).join(' and '),
    rates.length > 1 ? jain.toFixed(3) : '',
    failures === 0 ? 'yes' : `no: ${String(failures)}`,
    ...[0.5, 0.9, 0.99, 1].map((part) => percentile(ascending, part)),
    String(ascending.length),
    `${count('packetsLost')} of ${count('datagramsOut')}`,
    count('probes'),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Prints each row as it comes. */
async function run(only: string | undefined): Promise<void> {
  const heads = ['line', 'bulk', 'MB/s', 'fairness (Jain)', 'intact'];
  const small = ['small p50, ms', 'p90', 'p99', 'most', 'requests'];
  const columns = [...heads, ...small, 'packets lost of sent', 'probes'];
  process.stdout.write(`| ${columns.join(' | ')} |\n|${' --- |'.repeat(columns.length)}\n`);
  const wanted = (each: Case): boolean => only === undefined || each.name.includes(only);
  const print = async (each: Case): Promise<void> => {
    process.stdout.write(`${row(each, await measure(each))}\n`);
  };
  for (const each of fastCases.filter(wanted)) await print(each);
  await Promise.all(slowCases.filter(wanted).map(print));
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exitCode = await main(usage, async ({ only }) => {
    if (process.platform !== 'linux' || process.getuid?.() !== 0)
      process.stdout.write('Nothing measured: network namespaces need Linux and root.\n');
    else await run(only);
    return true;
  });
