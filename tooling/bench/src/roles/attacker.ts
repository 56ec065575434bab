import { createSocket, type Socket } from 'node:dgram';
import { constants, setPriority } from 'node:os';
import { shotOf, type Kind } from '../attack/kinds.ts';
import { serve } from '@simpledht/processes';

/** An answer over loopback comes sooner, or never. */
const lastAnswersMs = 200;

/* Whoever wishes a node ill, in a process of its own. */

export interface Attack {
  /** Taken in turn. */
  readonly kinds: readonly Kind[];
  readonly port: number;
  readonly seconds: number;
  readonly perSecond: number;
}

export interface AttackResult {
  readonly sentPerSecond: number;
  /** From addresses that had proved nothing. */
  readonly bytesOut: number;
  /** What came back to them. */
  readonly bytesIn: number;
  readonly cpuShare: number;
}

const strangerCount = 200;
/** So that a late timer does not turn into one long burst. */
const longestBurst = 250;

async function boundSocket(host: string): Promise<Socket> {
  const socket = createSocket({
    type: 'udp4',
    lookup: (name, _options, callback) => {
      callback(null, name, 4);
    },
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, host, resolve);
  });
  return socket;
}

function strangersHosts(): readonly string[] {
  return Array.from({ length: strangerCount }, (_, index) => `127.66.${String(index)}.${String(1 + (index % 250))}`);
}

// It is somebody else's machine that sends: here it takes the processor time that the cluster leaves.
setPriority(process.pid, constants.priority.PRIORITY_BELOW_NORMAL);

serve({
  async run({ kinds, port, seconds, perSecond }: Attack): Promise<AttackResult> {
    const strangers = await Promise.all(strangersHosts().map(boundSocket));
    const own = await Promise.all(kinds.map((_kind, index) => boundSocket(`127.99.${String(index)}.1`)));
    let [sent, held, bytesIn, bytesOut] = [0, 0, 0, 0];
    const spray = (index: number, datagram: Uint8Array): void => {
      bytesOut += datagram.length;
      strangers[index % strangers.length]?.send(datagram, port, '127.0.0.1');
    };
    const shots = kinds.flatMap((kind, index) => {
      const socket = own[index];
      return socket === undefined ? [] : [shotOf(kind, { spray, own: socket, port })];
    });
    for (const socket of strangers) {
      socket.on('message', ({ length }) => {
        bytesIn += length;
      });
    }
    const cpuBefore = process.cpuUsage();
    const begunMs = performance.now();
    for (let nowMs = begunMs; nowMs - begunMs < seconds * 1000; nowMs = performance.now()) {
      const due = Math.min(((nowMs - begunMs) * perSecond) / 1000, sent + longestBurst);
      while (sent < due) {
        const shot = shots[sent % shots.length];
        // A peer that is being refused waits; the others go on.
        if (shot?.(sent, nowMs) === false) held++;
        sent++;
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const elapsedMs = performance.now() - begunMs;
    const { user, system } = process.cpuUsage(cpuBefore);
    // What goes out per byte in is judged by all answers: those that are still on their way are waited for, and no event says
    // that there are no more.
    await new Promise((resolve) => setTimeout(resolve, lastAnswersMs));
    for (const socket of [...strangers, ...own]) socket.close();
    return {
      sentPerSecond: ((sent - held) / elapsedMs) * 1000,
      bytesIn,
      bytesOut,
      cpuShare: (user + system) / 1000 / elapsedMs,
    };
  },
});
