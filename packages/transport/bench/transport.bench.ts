// Requests over UDP on loopback between two processes, beside a bare node:dgram echo in the same run.
// node --conditions=@simpledht/source --import tsx packages/transport/bench/transport.bench.ts
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Transport } from '@simpledht/transport';
import { udpTransport } from '@simpledht/transport';

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

const payloadBytes = 100;
const runs = 5;

type Once = () => Promise<unknown>;

/** Calls per second with `inFlight` at a time. */
async function rate(call: Once, count: number, inFlight: number): Promise<number> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  return (count / (performance.now() - startMs)) * 1000;
}

/** The same by callbacks, so that no promise is counted against the bare socket. */
async function bareRate(port: number, count: number, inFlight: number): Promise<number> {
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: 4_194_304,
    lookup: (host, _options, callback) => {
      callback(null, host, 4);
    },
  });
  const payload = new Uint8Array(payloadBytes).fill(7);
  // By callback: with a synchronous look-up `listening` is emitted within this call.
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  let sent = 0;
  let received = 0;
  const startMs = performance.now();
  await new Promise<void>((resolve) => {
    const send = (): void => {
      sent++;
      socket.send(payload, port, '127.0.0.1');
    };
    socket.on('message', () => {
      if (++received === count) resolve();
      else if (sent < count) send();
    });
    for (let index = 0; index < inFlight; index++) send();
  });
  const perSecond = (count / (performance.now() - startMs)) * 1000;
  socket.close();
  return perSecond;
}

async function median(measure: () => Promise<number>): Promise<number> {
  const figures: number[] = [];
  for (let run = 0; run < runs; run++) figures.push(await measure());
  return figures.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? 0;
}

async function measureBulk(transport: Transport, to: string): Promise<number> {
  const megabyte = new Uint8Array(1_000_000).fill(7);
  const perSecond = await rate(() => transport.request(to, megabyte, { timeoutMs: 30_000 }), 100, 8);
  return perSecond;
}

export async function run(): Promise<readonly Row[]> {
  const child = fork(fileURLToPath(new URL('echo-server.ts', import.meta.url)), { execArgv: process.execArgv.filter((flag) => !flag.startsWith('--cpu-prof')) });
  try {
    return await measure(child);
  } finally {
    child.kill();
  }
}

async function measure(child: ChildProcess): Promise<readonly Row[]> {
  const [server] = (await once(child, 'message')) as [Server];
  const transport = udpTransport({ host: '127.0.0.1' });
  const nothing = (): void => undefined;
  await transport.open({ onDatagram: nothing, onRequest: nothing, onEvent: nothing });
  const payload = new Uint8Array(payloadBytes).fill(7);
  const ask = (): Promise<Uint8Array> => transport.request(server.transport, payload);
await rate(ask, 20_000, 64);
  await bareRate(server.barePort, 20_000, 64);
  const rows: Row[] = [];
  for (const [inFlight, count] of [[1, 10_000], [64, 100_000], [512, 100_000]] as const) {
    const bare: number[] = [];
    // Alternating, so that both figures see the same machine.
    const own = await median(async () => {
      bare.push(await bareRate(server.barePort, count, inFlight));
      return rate(ask, count, inFlight);
    });
    const bareMedian = bare.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? 0;
    rows.push({ name: `bare dgram echo, ${String(inFlight)} in flight`, value: bareMedian, unit: '/s' });
    rows.push({ name: `request, ${String(inFlight)} in flight`, value: own, unit: '/s', ofBare: own / bareMedian });
  }
  rows.push({ name: 'bulk, 1 MB requests, 8 in flight', value: await median(() => measureBulk(transport, server.transport)), unit: 'MB/s' });
  const { datagramsOut = 0, requestsOut = 1 } = transport.counters;
  rows.push({ name: 'datagrams sent per request, over all', value: datagramsOut / requestsOut, unit: '' });
  await transport.close();
  return rows;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.table(
    (await run()).map(({ name, value, unit, ofBare }) => ({
      name,
      value: value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2),
      unit,
      'of bare': ofBare === undefined ? '' : ofBare.toFixed(2),
    })),
  );
}
