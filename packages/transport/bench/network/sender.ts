// Sends bulk in requests of 1 MB, 4 at a time, and a small request every 50 ms meanwhile; says what it saw.
import { setTimeout as delay } from 'node:timers/promises';
import { udpTransport } from '@simpledht/transport';
import { crc32 } from '../../src/crc32.ts';
import type { SenderFigures, SenderOptions } from './options.ts';
import { options, say } from './script.ts';

const requestBytes = 1_000_000;
const timeoutMs = 1_800_000;

const { ip, to, receiveBufferBytes, bytes, asksSmall } = options() as SenderOptions;
const transport = udpTransport({ host: ip, receiveBufferBytes });
await transport.open({ onDatagram: () => undefined, onRequest: () => undefined, onEvent: () => undefined });
const small = new Uint8Array(100).fill(7);
const smallMs: number[] = [];
let failures = 0;
let done = false;

async function askLarge(name: number): Promise<void> {
  const payload = new Uint8Array(requestBytes).map((_, index) => (index * 31 + (index >> 8) * 7 + name) & 255);
  const reply = await transport.request(to, payload, { timeoutMs });
  const intact = new DataView(reply.buffer, reply.byteOffset).getUint32(0) === crc32(payload);
  if (!intact) failures++;
}

async function askSmall(): Promise<void> {
  const startMs = performance.now();
  const reply = await transport.request(to, small, { timeoutMs });
  smallMs.push(performance.now() - startMs);
  if (Buffer.compare(reply, small) !== 0) failures++;
}

async function askSmallMeanwhile(): Promise<void> {
  const asked: Promise<void>[] = [];
  while (!done) {
    asked.push(askSmall());
    await delay(50);
  }
  await Promise.all(asked);
}

await askSmall();
smallMs.length = 0;
const smalls = asksSmall ? askSmallMeanwhile() : Promise.resolve();
const startMs = performance.now();
let left = bytes / requestBytes;
const worker = async (): Promise<void> => {
  while (left-- > 0) await askLarge(left);
};
await Promise.all([worker(), worker(), worker(), worker()]);
const seconds = (performance.now() - startMs) / 1000;
done = true;
await smalls;
const figures: SenderFigures = { seconds, failures, smallMs, counters: transport.counters };
say(figures);
