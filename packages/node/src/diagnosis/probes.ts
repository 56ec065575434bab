import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { connect } from 'node:net';
import { packetFlag, packetHeaderBytes, packetKind, packetVersion } from '@simpledht/wire';

/** What came back: a reset as a node sends it, "nobody listens here" of the machine itself, no way at all, or nothing. */
export type ProbeOutcome = 'answered' | 'refused' | 'unreachable' | 'silent';

export interface Target {
  readonly ip: string;
  readonly port: number;
}

export interface ProbeReport {
  readonly outcome: ProbeOutcome;
  readonly sent: number;
  readonly answered: number;
  /** Of the answered ones, ms, in order of size. */
  readonly timesMs: readonly number[];
  /** Largest IP packet that was answered, bytes. */
  readonly largestPacketBytes: number | undefined;
}

/** Pause between two probes, ms: far below the 100 resets a second that a node answers with. */
const everyMs = 40;
/** IP packets that are tried: what UDP always carries (IPv6's least), a tunnel, PPPoE, Ethernet. */
const packetSizes = [1280, 1400, 1492, 1500] as const;
const smallBytes = 100;
const countOfSmall = 10;

/**
 * Packets of no link, from a socket of their own: a node answers each with a reset, whatever its secret. Told from its
 * outcome: whether UDP gets there and back, how fast, how often not, and in what sizes.
 */
export async function probe(target: Target, patienceMs: number): Promise<ProbeReport> {
  const headerBytes = target.ip.includes(':') ? 48 : 28;
  const small = Array.from({ length: countOfSmall }, () => smallBytes);
  const sizes = [...small, ...packetSizes.map((bytes) => bytes - headerBytes)];
  const sentMs = new Map<number, { readonly bytes: number; readonly atMs: number }>();
  const answers: { readonly bytes: number; readonly tookMs: number }[] = [];
  let failure: ProbeOutcome | undefined;
  const socket = createSocket(target.ip.includes(':') ? 'udp6' : 'udp4');
  // Connected, so that the system says when the machine there refuses.
  socket.on('error', (error) => (failure ??= outcomeOf(error)));
  socket.on('message', (datagram: Uint8Array) => {
    const id = answeredId(datagram);
    const probe = id === undefined ? undefined : sentMs.get(id);
    if (id === undefined || probe === undefined) return;
    sentMs.delete(id);
    answers.push({ bytes: probe.bytes, tookMs: performance.now() - probe.atMs });
  });
  try {
    await connected(socket, target);
    for (const bytes of sizes) {
      const { id, datagram } = stranger(bytes);
      sentMs.set(id, { bytes, atMs: performance.now() });
      socket.send(datagram, (error) => (failure ??= error === null ? undefined : outcomeOf(error)));
      await pause(everyMs);
    }
    for (let waitedMs = 0; waitedMs < patienceMs && sentMs.size > 0 && failure === undefined; waitedMs += everyMs)
      await pause(everyMs);
  } catch (error) {
    failure = outcomeOf(error);
  } finally {
    socket.close();
  }
  const largest = answers.filter(({ bytes }) => bytes > smallBytes).map(({ bytes }) => bytes + headerBytes);
  const timely = answers.filter(({ bytes }) => bytes === smallBytes).map(({ tookMs }) => tookMs);
  return {
    outcome: answers.length > 0 ? 'answered' : (failure ?? 'silent'),
    sent: countOfSmall,
    answered: timely.length,
    timesMs: timely.sort((a, b) => a - b),
    largestPacketBytes: largest.length === 0 ? undefined : Math.max(...largest),
  };
}

/** Whether something takes TCP connections there. */
export function probeTcp({ ip, port }: Target, patienceMs: number): Promise<'listens' | 'refused' | 'silent'> {
  return new Promise((resolve) => {
    const socket = connect({ host: ip, port });
    const end = (outcome: 'listens' | 'refused' | 'silent'): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(end, patienceMs, 'silent');
    socket.once('connect', () => {
      end('listens');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      end(error.code === 'ECONNREFUSED' ? 'refused' : 'silent');
    });
  });
}

/** An established packet of a link that there is not (PACKETS.md); the id is random, so that only its reader can answer. */
function stranger(bytes: number): { readonly id: number; readonly datagram: Uint8Array } {
  const datagram = new Uint8Array(Math.max(bytes, packetHeaderBytes));
  const id = Math.max(1, randomBytes(4).readUInt32BE());
  datagram[0] = packetFlag.fixed | packetVersion;
  new DataView(datagram.buffer).setUint32(1, id);
  return { id, datagram };
}

const resetType = 5;

/** The id that a reset is about. */
function answeredId(datagram: Uint8Array): number | undefined {
  if (packetKind(datagram) !== 'handshake' || datagram.length < 6 || datagram[1] !== resetType) return undefined;
  return new DataView(datagram.buffer, datagram.byteOffset).getUint32(2);
}

function outcomeOf(error: unknown): ProbeOutcome {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ECONNREFUSED') return 'refused';
  return code === 'EMSGSIZE' ? 'silent' : 'unreachable';
}

function connected(socket: Socket, { ip, port }: Target): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, ip, resolve);
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
