import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** What is searched for. A router of version 2 answers for 1 too; many have only that. */
export const gatewayTypes = {
  2: 'urn:schemas-upnp-org:device:InternetGatewayDevice:2',
  1: 'urn:schemas-upnp-org:device:InternetGatewayDevice:1',
} as const;

const group = '239.255.255.250';
const ssdpPort = 1900;
/** Longest answer that is looked at; real ones have a third of it. */
const maxAnswerBytes = 2048;
/** Networks of this machine that are searched. */
const maxNetworks = 16;
/** Descriptions that are kept. */
const maxRouters = 16;
/** Asked again after this, because multicast is lost easily. */
const repeatMs = 500;
/** Answers are due within this (`MX`), s. */
const dueSeconds = 1;

/**
 * Descriptions of the routers that answer a search (UPnP Device Architecture §1.3), each once; ends when `signal` is aborted. An
 * answer has to lead to its sender. Those of version 2 come at once, in the order of their answers. The others come when all
 * answers are due: some routers have a description for each version, and most have one for both.
 */
export async function* findRouters(signal: AbortSignal, to: SearchTarget = multicast): AsyncGenerator<URL, void> {
  const found = new Found();
  let heard: () => void = () => undefined;
  const sockets = (to.from ?? ownNetworks()).map((ip) =>
    openSocket(ip, (text, sender) => {
      const router = routerIn(text, sender.address);
      if (router !== undefined) found.add(router);
      heard();
    }),
  );
  const ask = (): void => {
    for (const socket of sockets) send(socket, to);
  };
  const timer = setInterval(ask, repeatMs).unref();
  const due = setTimeout(() => {
    found.isDue = true;
    heard();
  }, 1000 * dueSeconds).unref();
  const onAbort = (): void => {
    heard();
  };
  signal.addEventListener('abort', onAbort);
  try {
    await Promise.all(sockets.map(bound));
    ask();
    while (!signal.aborted) {
      const next = found.take();
      if (next === undefined) await new Promise<void>((resolve) => (heard = resolve));
      else yield next;
    }
  } finally {
    clearInterval(timer);
    clearTimeout(due);
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

/** A router's answer: where its description is. */
export interface FoundRouter {
  readonly location: URL;
  readonly version: 1 | 2;
}

/** What has been found, and what of it has not been taken yet. */
class Found {
  /** Those of version 1 may be taken too. */
  isDue = false;
  readonly #known = new Set<string>();
  readonly #waiting = new Map<string, FoundRouter>();

  add(router: FoundRouter): void {
    const { href } = router.location;
    const better = router.version === 2 && this.#waiting.has(href);
    if (!better && (this.#known.has(href) || this.#known.size === maxRouters)) return;
    this.#known.add(href);
    this.#waiting.set(href, router);
  }

  take(): URL | undefined {
    const waiting = [...this.#waiting.values()];
    const next = waiting.find(({ version }) => version === 2) ?? (this.isDue ? waiting[0] : undefined);
    if (next !== undefined) this.#waiting.delete(next.location.href);
    return next?.location;
  }
}

/** The answer, when it is that of a router and leads to its sender. */
export function routerIn(answer: string, sender: string): FoundRouter | undefined {
  const [status = '', ...lines] = answer.split(/\r?\n/);
  if (!/^HTTP\/1\.[01] 200\b/.test(status)) return undefined;
  const field = (name: string): string =>
    lines
      .find((line) => line.slice(0, name.length + 1).toLowerCase() === `${name}:`)
      ?.slice(name.length + 1)
      .trim() ?? '';
  const version = ([2, 1] as const).find((number) => field('st') === gatewayTypes[number]);
  const location = field('location');
  if (version === undefined || !URL.canParse(location)) return undefined;
  const url = new URL(location);
  return url.protocol === 'http:' && url.hostname === sender ? { location: url, version } : undefined;
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
  const head = [
    'M-SEARCH * HTTP/1.1',
    `HOST: ${group}:${String(ssdpPort)}`,
    'MAN: "ssdp:discover"',
    `MX: ${String(dueSeconds)}`,
  ];
  try {
    for (const type of Object.values(gatewayTypes))
      socket.send([...head, `ST: ${type}`, '', ''].join('\r\n'), port, host, () => undefined);
  } catch {
    // It could not be bound.
  }
}
