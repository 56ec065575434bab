// Requests over UDP on loopback between two processes, beside bare node:dgram in the same run.
// node --conditions=@simpledht/source --import tsx packages/transport/bench/transport.bench.ts
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { udpTransport } from '@simpledht/transport';
import { bareBulkRate, bareEchoRate } from './bare.ts';

export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Part of the bare socket's figure in the same run. */
  readonly ofBare?: number;
}

interface Server {
  readonly transport: string;
  readonly barePort: number;
}

const runs = 5;
const megabyte = 1_000_000;

/** Calls per second with `inFlight` at a time. */
async function rate(call: () => Promise<unknown>, count: number, inFlight: number): Promise<number> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  return (count / (performance.now() - startMs)) * 1000;
}

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0;
}

/** Both figures from alternating runs, so that they see the same machine. */
async function beside(
  names: readonly [bare: string, own: string],
  unit: string,
  measureBare: () => Promise<number>,
  measureOwn: () => Promise<number>,
): Promise<readonly Row[]> {
  const bare: number[] = [];
  const own: number[] = [];
  for (let run = 0; run < runs; run++) {
    bare.push(await measureBare());
    own.push(await measureOwn());
  }
  const ofBare = median(own) / median(bare);
  return [
    { name: names[0], value: median(bare), unit },
    { name: names[1], value: median(own), unit, ofBare },
  ];
}

export async function run(): Promise<readonly Row[]> {
  const server = fileURLToPath(new URL('echo-server.ts', import.meta.url));
  const child = fork(server, { execArgv: process.execArgv });
  try {
    return await measure(child);
  } finally {
    child.disconnect();
  }
}

async function measure(child: ChildProcess): Promise<readonly Row[]> {
  const [server] = (await once(child, 'message')) as [Server];
  const transport = udpTransport({ host: '127.0.0.1' });
  const nothing = (): void => undefined;
  await transport.open({ onDatagram: nothing, onRequest: nothing, onEvent: nothing });
  const small = new Uint8Array(100).fill(7);
  const large = new Uint8Array(megabyte).fill(7);
  const ask = (): Promise<unknown> => transport.request(server.transport, small);
  const askLarge = (): Promise<unknown> => transport.request(server.transport, large, { timeoutMs: 60_000 });
  await rate(ask, 20_000, 64);
  const rows: Row[] = [];
  for (const [inFlight, count] of [
    [1, 10_000],
    [64, 100_000],
    [512, 100_000],
  ] as const) {
    const names = [`bare echo, ${String(inFlight)} in flight`, `request, ${String(inFlight)} in flight`] as const;
    const bare = (): Promise<number> => bareEchoRate(server.barePort, small, count, inFlight);
    rows.push(...(await beside(names, '/s', bare, () => rate(ask, count, inFlight))));
  }
  const bulkNames = ['bare one way, 16,000-byte datagrams', 'bulk, 1 MB requests, 8 in flight'] as const;
  const bareBulk = (): Promise<number> => bareBulkRate(server.barePort, 16_000, 12_000);
  rows.push(...(await beside(bulkNames, 'MB/s', bareBulk, () => rate(askLarge, 200, 8))));
  const { datagramsOut = 0, requestsOut = 1 } = transport.counters;
  rows.push({ name: 'datagrams sent per request, over all', value: datagramsOut / requestsOut, unit: '' });
  await transport.close();
  return rows;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const format = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2));
  const table = (await run()).map(({ name, value, unit, ofBare }) => {
    return { name, value: format(value), unit, 'of bare': ofBare === undefined ? '' : format(ofBare) };
  });
  console.table(table);
}
