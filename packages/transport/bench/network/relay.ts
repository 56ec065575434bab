// The router of a measurement: carries datagrams between senders and one receiver, and makes the way long, slow and lossy.
import type { Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import type { Random } from '@simpledht/transport';
import { seededRandom } from '@simpledht/transport';
import type { LineOptions, RelayOptions } from './options.ts';
import { options, say } from './script.ts';

const headerBytes = 28;
const bufferBytes = 4_194_304;

/** One direction to one machine: what is sent waits for the line, then is on its way for `delayMs`. */
class Line {
  readonly #options: LineOptions;
  readonly #random: Random;
  /** In order of time, since all take the same way. */
  readonly #onTheWay: { readonly dueMs: number; readonly deliver: () => void }[] = [];
  #freeMs = 0;
  #waiting = false;

  constructor(options: LineOptions, seed: number) {
    this.#options = options;
    this.#random = seededRandom(seed);
  }

  carry(datagramBytes: number, deliver: () => void): void {
    const { loss, bytesPerSecond, queueBytes, delayMs } = this.#options;
    if (loss > 0 && this.#random.next() < loss) return;
    const nowMs = performance.now();
    const startMs = Math.max(nowMs, this.#freeMs);
    if (((startMs - nowMs) * bytesPerSecond) / 1000 > queueBytes) return;
    this.#freeMs = startMs + ((datagramBytes + headerBytes) * 1000) / bytesPerSecond;
    this.#onTheWay.push({ dueMs: this.#freeMs + delayMs, deliver });
    this.#deliver();
  }

  #deliver(): void {
    const nowMs = performance.now();
    for (let first = this.#onTheWay[0]; first !== undefined && first.dueMs <= nowMs; first = this.#onTheWay[0]) {
      this.#onTheWay.shift();
      first.deliver();
    }
    const [first] = this.#onTheWay;
    if (first === undefined || this.#waiting) return;
    this.#waiting = true;
    setTimeout(() => {
      this.#waiting = false;
      this.#deliver();
    }, first.dueMs - nowMs);
  }
}

async function bound(ip: string): Promise<Socket> {
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: bufferBytes,
    sendBufferSize: bufferBytes,
    lookup: (host, _options, callback) => {
      callback(null, host, 4);
    },
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, ip, resolve);
  });
  return socket;
}

const { receiver, receiverSideIp, senderSideIps, line } = options() as RelayOptions;
const toReceiver = new Line(line, 1);
const addresses: string[] = [];
for (const ip of senderSideIps) {
  const [senderSide, receiverSide] = [await bound(ip), await bound(receiverSideIp)];
  const toSender = new Line(line, 2 + addresses.length);
  let sender = { address: '', port: 0 };
  senderSide.on('message', (datagram, from) => {
    sender = from;
    toReceiver.carry(datagram.length, () => {
      receiverSide.send(datagram, receiver.port, receiver.ip);
    });
  });
  receiverSide.on('message', (datagram) => {
    toSender.carry(datagram.length, () => {
      senderSide.send(datagram, sender.port, sender.address);
    });
  });
  addresses.push(`${ip}:${String(senderSide.address().port)}`);
}
say({ addresses });
