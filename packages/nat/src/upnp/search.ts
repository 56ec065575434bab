import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

export const gatewayType = 'urn:schemas-upnp-org:device:InternetGatewayDevice:2';

const group = '239.255.255.250';
const ssdpPort = 1900;
/** Longest answer that is looked at; real ones have a third of it. */
const maxAnswerBytes = 2048;
/** Networks of this machine that are searched. */
const maxNetworks = 16;
/** Asked again after this, because multicast is lost easily. */
const repeatMs = 500;

/**
 * Descriptions of the routers that answer a search (UPnP Device Architecture §1.3), in the order of their answers; ends when
 * `signal` is aborted. Written here: the search of the library ends the process when any device of the network sends what it
 * does not expect, and reads whatever address it is told. Here an answer has to lead to its sender.
 */
export async function* findRouters(signal: AbortSignal, to: SearchTarget = multicast): AsyncGenerator<URL, void> {
  const found = new Map<string, URL>();
  let heard: () => void = () => undefined;
  const sockets = (to.from ?? ownNetworks()).map((ip) =>
    openSocket(ip, (text, sender) => {
      const url = locationOf(text, sender.address);
      if (url !== undefined && found.size < maxNetworks) found.set(url.href, url);
      heard();
    }),
  );
  const ask = (): void => {
    for (const socket of sockets) send(socket, to);
  };
  const timer = setInterval(ask, repeatMs).unref();
  const onAbort = (): void => {
    heard();
  };
  signal.addEventListener('abort', onAbort);
  try {
    await Promise.all(sockets.map(bound));
    ask();
    let told = 0;
    while (!signal.aborted) {
      const next = [...found.values()][told];
      if (next === undefined) await new Promise<void>((resolve) => (heard = resolve));
      else {
        told++;
        yield next;
      }
    }
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', onAbort);
    for (const socket of sockets) socket.close();
  }
}

export interface SearchTarget {
  readonly host: string;
  readonly port: number;
  /** Own addresses to search from; by default one of each network. */
  readonly from?: readonly string[];
}

const multicast: SearchTarget = { host: group, port: ssdpPort };

/** Where the description is, when the answer is that of a router and leads to its sender. */
export function locationOf(answer: string, sender: string): URL | undefined {
  const [status = '', ...lines] = answer.split(/\r?\n/);
  if (!/^HTTP\/1\.[01] 200\b/.test(status)) return undefined;
  const field = (name: string): string | undefined =>
    lines.find((line) => line.slice(0, name.length + 1).toLowerCase() === `${name}:`)?.slice(name.length + 1);
  if (field('st')?.trim() !== gatewayType) return undefined;
  const location = field('location')?.trim() ?? '';
  const url = URL.canParse(location) ? new URL(location) : undefined;
  return url?.protocol === 'http:' && url.hostname === sender ? url : undefined;
}

function ownNetworks(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  return all
    .filter(({ internal, address }) => !internal && isIPv4(address))
    .map(({ address }) => address)
    .slice(0, maxNetworks);
}

/** A network that goes away during a search is no error. */
function openSocket(ip: string, onAnswer: (text: string, sender: RemoteInfo) => void): Socket {
  const socket = createSocket('udp4').on('error', () => undefined);
  socket.on('message', (bytes, sender) => {
    if (bytes.length <= maxAnswerBytes) onAnswer(bytes.toString('latin1'), sender);
  });
  return socket.bind({ address: ip, port: 0 });
}

function bound(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('listening', resolve).once('error', () => {
      resolve();
    });
  });
}

function send(socket: Socket, { host, port }: SearchTarget): void {
  const lines = ['M-SEARCH * HTTP/1.1', `HOST: ${group}:${String(ssdpPort)}`, 'MAN: "ssdp:discover"', 'MX: 1'];
  try {
    socket.send([...lines, `ST: ${gatewayType}`, '', ''].join('\r\n'), port, host, () => undefined);
  } catch {
    // It could not be bound.
  }
}
