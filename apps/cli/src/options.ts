import type { Acks } from '@simpledht/node';
import { InvalidArgumentError, Option } from 'commander';
import { transportOptions, type TransportOptions } from './transport.ts';

/** The options of every verb that calls a node. */
export interface CallOptions extends TransportOptions {
  readonly host: string;
  readonly port: number;
  /** Seconds. */
  readonly timeout: number;
  readonly secretFile?: string;
  readonly json: boolean;
}

/** Longest time-out that a timer carries (2^31 − 1 ms), seconds. */
const maxTimeoutSeconds = 2_147_483;

/** Longest duration: the library's largest point in time, ms. */
const maxDurationMs = 8_640_000_000_000_000;

/** Made anew for each command, for a command owns its options. */
export function callOptions(): readonly Option[] {
  return [
    new Option('--host <host>', 'node to call').default('127.0.0.1').env('SIMPLEDHT_HOST').argParser(parseHost),
    new Option('--port <port>', 'its port').default(5000).env('SIMPLEDHT_PORT').argParser(parsePort),
    ...transportOptions(),
    new Option('--timeout <seconds>', 'how long to wait for an answer; fractions allowed')
      .default(5)
      .env('SIMPLEDHT_TIMEOUT')
      .argParser(parseSeconds),
    secretFileOption(),
    jsonOption('print one JSON object instead of sentences'),
  ];
}

export function secretFileOption(): Option {
  return new Option('--secret-file <file>', "the cluster's secret; see keygen")
    .env('SIMPLEDHT_SECRET_FILE')
    .argParser(parseFile);
}

export function jsonOption(description: string): Option {
  return new Option('--json', description).default(false);
}

export function parseHost(text: string): string {
  if (text === '' || /\s/.test(text)) throw new InvalidArgumentError('A host is a name or an IP address.');
  // `[::1]` is how addresses are written; alone, the brackets are decoration.
  return text.replace(/^\[(.*)\]$/, '$1');
}

/** A port that a node can be called at. */
export function parsePort(text: string): number {
  return wholeNumber(text, 1, 65_535, 'A port');
}

/** A port to listen on; 0 lets the system choose. */
export function parseListenPort(text: string): number {
  return wholeNumber(text, 0, 65_535, 'A port');
}

export function parseDirectory(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('A directory is missing.');
  return text;
}

/** A packet that links work with, up to what IP carries. */
export function parseMtu(text: string): number {
  return wholeNumber(text, 560, 65_535, 'An MTU');
}

/** Between one second and an hour, ms. */
export function parseKeepalive(text: string): number {
  const ms = parseDuration(text);
  if (Number.isInteger(ms) && ms >= 1000 && ms <= 3_600_000) return ms;
  throw new InvalidArgumentError('A keepalive is from 1s to 1h.');
}

export function parseFile(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('A file is missing.');
  return text;
}

export function parseCount(text: string): number {
  return wholeNumber(text, 1, Number.MAX_SAFE_INTEGER, 'It');
}

export function parseSeconds(text: string): number {
  const seconds = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
  if (seconds > 0 && seconds <= maxTimeoutSeconds) return seconds;
  throw new InvalidArgumentError(
    `A time-out is a number of seconds above 0 and up to ${String(maxTimeoutSeconds)}, such as 10 or 0.5.`,
  );
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `500ms`, `30s`, `1.5h`; in ms. */
export function parseDuration(text: string): number {
  const [, amount, unit = ''] = /^(\d+\.?\d*|\.\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Number(amount) * (unitsMs[unit] ?? NaN);
  if (ms > 0 && ms <= maxDurationMs) return ms;
  throw new InvalidArgumentError('A duration is a number above 0 with a unit: 500ms, 30s, 10m, 2h or 7d.');
}

export function parseNodeId(text: string): string {
  if (/^[0-9a-f]{32}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('The id of a node is 32 hex digits.');
}

export function parseAcks(text: string): Acks {
  if (text === 'local' || text === 'majority' || text === 'all') return text;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Acks are local, majority, all, or the number of nodes that must hold the write.');
}

/** `a:5000,b:5000`, once or several times. */
export function parseBootstrap(text: string, previous: readonly string[] = []): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  return [...previous, ...names.filter((name) => name !== '').map(checkName)];
}

/** `a:3478,b:3478`, once or several times. */
export function parseStun(text: string, previous: readonly string[] = []): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !isAddress(name));
  if (wrong === undefined) return [...previous, ...names];
  throw new InvalidArgumentError(`Expected format: HOST:PORT, such as stun.example.org:3478, not ${wrong}.`);
}

export function parseAdvertise(text: string): string {
  if (!isAddress(text)) throw new InvalidArgumentError('Expected format: HOST:PORT, such as 203.0.113.7:5000.');
  return text;
}

/** An address, or a name with SRV records that says addresses by itself. */
function checkName(name: string): string {
  if (isAddress(name) || /^_[^\s:[\]._]+\._(?:udp|tcp)\.[^\s:[\]]+$/.test(name)) return name;
  throw new InvalidArgumentError(
    `Invalid bootstrap node format: ${name}. Expected format: HOST:PORT, such as 203.0.113.7:5000 or [2001:db8::7]:5000.`,
  );
}

function isAddress(text: string): boolean {
  const port = /^(?:\[[0-9a-fA-F:.%\w]+\]|[^:\s[\]]+):(\d{1,5})$/.exec(text)?.[1];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}

function wholeNumber(text: string, least: number, most: number, what: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  const range =
    most === Number.MAX_SAFE_INTEGER ? `of at least ${String(least)}` : `from ${String(least)} to ${String(most)}`;
  throw new InvalidArgumentError(`${what} is a whole number ${range}.`);
}

/** How soon a node that does not answer is declared dead. */
export function presetOption(): Option {
  return new Option(
    '--preset <preset>',
    'how patient with who does not answer: local (one rack), lan, wan (continents)',
  )
    .choices(['local', 'lan', 'wan'])
    .default('lan');
}
