// Requests over TCP, TLS and UDP on loopback between two processes, beside bare node:net in the same run.
// node --conditions=@simpledht/source --import tsx packages/transport-tcp/bench/tcp.bench.ts
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { udpTransport, type Transport } from '@simpledht/transport';
import { tcpTransport } from '@simpledht/transport-tcp';
import { bareBulkRate, bareEchoRate } from './bare.ts';
import { host, tls, type Servers } from './shared.ts';

const runs = 5;
const megabyte = 1_000_000;
const small = new Uint8Array(100).fill(7);
const large = new Uint8Array(megabyte).fill(7);

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

type Measure = () => Promise<number>;

/** One row for each figure, from alternating runs, so that they see the same machine; the first is the bare one. */
async function beside(what: string, measures: Readonly<Record<string, Measure>>): Promise<object[]> {
  const figures = new Map<string, number[]>(Object.keys(measures).map((name) => [name, []]));
  for (let run = 0; run < runs; run++)
    for (const [name, measure] of Object.entries(measures)) figures.get(name)?.push(await measure());
  const bare = median([...figures.values()][0] ?? []);
  return [...figures].map(([name, values]) => {
    const value = median(values);
    return { what, over: name, value: Math.round(value).toLocaleString('en'), 'of bare': (value / bare).toFixed(2) };
  });
}

const server = fileURLToPath(new URL('echo-server.ts', import.meta.url));
const child = fork(server, { execArgv: process.execArgv });
const [servers] = (await once(child, 'message')) as [Servers];
const nothing = (): void => undefined;
const transports = { tcp: tcpTransport({ host }), tls: tcpTransport({ host, tls }), udp: udpTransport({ host }) };
for (const transport of Object.values(transports))
  await transport.open({ onDatagram: nothing, onRequest: nothing, onEvent: nothing });

/** The same measurement over each of the transports. */
function overEach(
  measure: (ask: (payload: Uint8Array) => Promise<unknown>) => Promise<number>,
): Record<string, Measure> {
  const names = ['tcp', 'tls', 'udp'] as const;
  const ask = (transport: Transport, to: string) => (payload: Uint8Array) =>
    transport.request(to, payload, { timeoutMs: 60_000 });
  return Object.fromEntries(names.map((name) => [name, () => measure(ask(transports[name], servers[name]))]));
}

const rows: object[] = [];
await Promise.all(Object.values(overEach((ask) => rate(() => ask(small), 10_000, 64))).map((warmUp) => warmUp()));
for (const [inFlight, count] of [
  [1, 5000],
  [64, 50_000],
] as const) {
  const bare: Measure = () => bareEchoRate(servers.barePort, count, inFlight);
  const each = overEach((ask) => rate(() => ask(small), count, inFlight));
  rows.push(
    ...(await beside(`requests/s of 100 bytes, ${String(inFlight)} in flight`, { 'bare node:net': bare, ...each })),
  );
}
const bareBulk: Measure = () => bareBulkRate(servers.barePort, 200 * megabyte);
const bulk = overEach((ask) => rate(() => ask(large), 200, 8));
rows.push(...(await beside('MB/s in requests of 1 MB, 8 in flight', { 'bare node:net': bareBulk, ...bulk })));
console.table(rows);
for (const transport of Object.values(transports)) await transport.close();
child.disconnect();
