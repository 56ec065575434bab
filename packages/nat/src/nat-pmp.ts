import { createSocket } from 'node:dgram';
import type { Mapping, MappingRequest } from './mapper.ts';

const serverPort = 5351;
const opcode = { externalAddress: 0, mapUdp: 1 } as const;
/** In an answer, added to the opcode. */
const answerBit = 128;
/** RFC 6886 §3.1: the first wait for an answer, doubled each time. Three times are enough on a LAN. */
const firstWaitMs = 250;
const maxSends = 3;

/** §3.5. */
const results: Readonly<Record<number, string>> = {
  1: 'it has another version',
  2: 'it is not allowed to',
  3: 'it has no network itself',
  4: 'it has no room for more',
  5: 'it does not know how',
};

/** By NAT-PMP (RFC 6886). Why it is written here: docs/decisions/0009. */
export async function mapByPmp(router: string, request: MappingRequest, port: number = serverPort): Promise<Mapping> {
  const { internalPort, externalPort, leaseMs, signal } = request;
  const server = { router, port };
  const address = await ask(server, Uint8Array.of(0, opcode.externalAddress), 12, signal);
  const given = await ask(server, mapRequest(internalPort, externalPort, leaseMs), 16, signal);
  if (given.getUint16(8) !== internalPort) throw new Error('NAT-PMP: the router answered for another port');
  return {
    externalHost: [8, 9, 10, 11].map((at) => String(address.getUint8(at))).join('.'),
    externalPort: given.getUint16(10),
    via: 'NAT-PMP',
    // A life of 0 takes the mapping back (§3.4).
    remove: async (removeSignal) => {
      await ask(server, mapRequest(internalPort, 0, 0), 16, removeSignal);
    },
  };
}

function mapRequest(internalPort: number, externalPort: number, leaseMs: number): Uint8Array {
  const request = new DataView(new ArrayBuffer(12));
  request.setUint8(1, opcode.mapUdp);
  request.setUint16(4, internalPort);
  request.setUint16(6, externalPort);
  request.setUint32(8, Math.round(leaseMs / 1000));
  return new Uint8Array(request.buffer);
}

/** The answer to `request`, at least `bytes` long, from the asked router only. */
function ask(
  { router, port }: { readonly router: string; readonly port: number },
  request: Uint8Array,
  bytes: number,
  signal: AbortSignal,
): Promise<DataView> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    let sends = 0;
    let timer: NodeJS.Timeout | undefined;
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.close();
      settle();
    };
    const fail = (reason: string): void => {
      end(() => {
        reject(new Error(`NAT-PMP: ${reason}`));
      });
    };
    const onAbort = fail.bind(undefined, 'given up');
    const send = (): void => {
      if (sends === maxSends) {
        fail(`${router} does not answer`);
        return;
      }
      socket.send(request);
      timer = setTimeout(send, firstWaitMs * 2 ** sends++);
    };
    // Connected, so that the system drops what others send (§3.2 wants the source checked).
    socket.once('connect', send).on('message', (buffer: Uint8Array) => {
      const answer = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
      const refusal = refusalIn(answer, request);
      if (refusal !== undefined && refusal !== '') fail(`${router} refuses: ${refusal}`);
      else if (refusal === '' && answer.byteLength >= bytes) {
        end(() => {
          resolve(answer);
        });
      }
    });
    socket.once('error', (error) => {
      fail(`${router}: ${error.message}`);
    });
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    else socket.connect(port, router);
  });
}

/** Why the router refuses; '' when it does not; `undefined` when this is no answer to the request. */
function refusalIn(answer: DataView, request: Uint8Array): string | undefined {
  if (answer.byteLength < 4 || answer.getUint8(1) !== (request[1] ?? 0) + answerBit) return undefined;
  const result = answer.getUint16(2);
  return result === 0 ? '' : (results[result] ?? `result ${String(result)}`);
}
