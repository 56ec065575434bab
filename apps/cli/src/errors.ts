import type { ErrorCode } from '@simpledht/node';
import { portBeside } from './addresses.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';

/** A failure with what people, scripts and the shell need of it. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: string;
  readonly exitCode: ExitCode;
  /** Lines that help; may be none. */
  readonly hints: readonly string[];

  constructor(code: string, exitCode: ExitCode, message: string, hints: readonly string[] = []) {
    super(message);
    this.code = code;
    this.exitCode = exitCode;
    this.hints = hints;
  }
}

/** What was being done when it failed. */
export interface Attempt {
  readonly host: string;
  readonly port: number;
  readonly transport?: 'udp' | 'tcp';
  /** Seconds; only for calls. */
  readonly timeout?: number;
}

type Words = (attempt: Attempt, message: string) => string;
type Hints = (attempt: Attempt) => readonly string[];

interface Row {
  readonly exitCode: ExitCode;
  /** The error's own message when absent. */
  readonly message?: Words;
  readonly hints?: Hints;
}

const { failed, usage, noResponse } = exitCodes;

const noAnswerHints: Hints = ({ port, transport = 'udp' }) => [
  'Possible reasons:',
  '  1. The node is not running: start one with "simpledht start"',
  `  2. A firewall or a router drops ${transport.toUpperCase()} port ${String(port)}: open it, or forward it to the node`,
  '  3. The node has a secret or a cluster name, and this call another or none, or the other way round: --secret-file, --cluster',
  '  4. The address or the port is wrong, or the network is slow: try --timeout 10',
  transport === 'udp'
    ? 'Where UDP is blocked, run all nodes and calls with --transport tcp'
    : 'All nodes of a cluster, and the calls to them, need the same --transport and --tls',
];

/** Every error code of the library: the one place that says what the command makes of it. */
const rows: Readonly<Record<ErrorCode, Row>> = {
  ERR_INVALID_OPTION: { exitCode: usage },
  ERR_INVALID_KEY: { exitCode: usage },
  ERR_KEY_TOO_LARGE: { exitCode: usage },
  ERR_INVALID_VALUE: { exitCode: usage },
  ERR_VALUE_TOO_LARGE: { exitCode: usage },
  ERR_INVALID_ADDRESS: { exitCode: failed },
  ERR_ADDRESS_IN_USE: {
    exitCode: failed,
    message: (_, message) =>
      message.startsWith('Address already in use') ? message : `Address already in use: ${message}`,
    hints: ({ port, transport }) => [
      transport === 'tcp'
        ? `Another process uses TCP port ${String(port)}; this shows which: ss -tlpn | grep ${String(port)}`
        : `Another process uses UDP port ${String(port)}; this shows which: ss -ulpn | grep ${String(port)}`,
      `Stop it, or choose another port: --port ${String(portBeside(port))}`,
    ],
  },
  ERR_BIND_FAILED: {
    exitCode: failed,
    hints: () => ['Is --host an address of this machine? 0.0.0.0 means all of them'],
  },
  ERR_NOT_STARTED: { exitCode: failed },
  ERR_CLOSED: { exitCode: failed },
  ERR_BOOTSTRAP_FAILED: { exitCode: failed },
  ERR_TIMEOUT: {
    exitCode: noResponse,
    message: (attempt, message) =>
      attempt.timeout === undefined
        ? message
        : `No response received from ${nameOf(attempt)} within ${String(attempt.timeout)} seconds`,
    hints: noAnswerHints,
  },
  ERR_LINK_DOWN: {
    exitCode: noResponse,
    message: (attempt) => `No response received from ${nameOf(attempt)}: the connection went away`,
    hints: noAnswerHints,
  },
  ERR_IN_DOUBT: { exitCode: failed },
  ERR_TOO_FEW_MEMBERS: { exitCode: failed, hints: () => ['"simpledht peers" shows the nodes that are known'] },
  ERR_LIMIT_REACHED: { exitCode: failed },
  ERR_MESSAGE_TOO_LARGE: { exitCode: usage },
  ERR_MALFORMED: { exitCode: failed },
  ERR_UNSUPPORTED_VERSION: { exitCode: failed },
  ERR_OTHER_SECRET: { exitCode: failed },
  ERR_DISCOVERY: { exitCode: failed },
  ERR_REMOTE: { exitCode: failed },
  ERR_MAP_FULL: { exitCode: failed },
  ERR_VERSION_MISMATCH: { exitCode: failed },
  ERR_SCHEMA: { exitCode: usage },
  ERR_STORE_FULL: { exitCode: failed },
  ERR_STORE_LOCKED: {
    exitCode: failed,
    hints: () => ['A node runs on this directory already: stop it, or give this one a --data directory of its own'],
  },
  ERR_UNSUPPORTED: { exitCode: failed },
  ERR_STORE: { exitCode: failed },
};

/** Turns whatever was thrown into a failure that can be told. */
export async function explain(error: unknown, attempt: Attempt): Promise<Failure> {
  if (error instanceof Failure) return error;
  const { SimpleDHTError } = await import('@simpledht/node');
  if (!SimpleDHTError.is(error)) return unexpected(error);
  // A newer node may answer with a code that is unknown here.
  const row: Row = (rows as Partial<typeof rows>)[error.code] ?? { exitCode: failed };
  const message = row.message?.(attempt, error.message) ?? error.message;
  return new Failure(error.code, row.exitCode, message, row.hints?.(attempt));
}

/** Tells a failure: words for people, with `json` also an object where scripts look for the answer. */
export function tell(output: Output, error: unknown, json: boolean): ExitCode {
  const failure = error instanceof Failure ? error : unexpected(error);
  const { code, message, exitCode } = failure;
  if (json) output.json({ error: { code, message } });
  output.say(`${output.paintWords.red('Error:')} ${message}`);
  for (const hint of failure.hints) output.say(hint);
  return exitCode;
}

export function nameOf({ host, port }: Attempt): string {
  return host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
}

function unexpected(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  return new Failure(typeof code === 'string' ? code : 'ERR_UNEXPECTED', failed, message);
}
