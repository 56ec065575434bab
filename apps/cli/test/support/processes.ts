import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';

export const root: string = fileURLToPath(new URL('../../../..', import.meta.url));
const bin = fileURLToPath(new URL('../../src/bin.ts', import.meta.url));
/** Arguments of Node.js that run the command as it is in the sources. */
export const fromSources: readonly string[] = ['--conditions=@simpledht/source', '--import', 'tsx', bin];
const withSources = fromSources.slice(0, -1);

/** A command in a process of its own. */
export class CliProcess {
  readonly child: ChildProcess;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  readonly lines: string[] = [];
  #heard: (() => void)[] = [];

  constructor(argv: readonly string[], prefix: readonly string[] = [], program: string = bin) {
    const [command = process.execPath, ...rest] = [...prefix, process.execPath, ...withSources, program, ...argv];
    this.child = spawn(command, rest, { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
    this.ended = once(this.child, 'close').then(([code, signal]) => {
      this.#tell();
      return (code ?? signal) as number | NodeJS.Signals | null;
    });
    for (const stream of [this.child.stdout, this.child.stderr]) this.#read(stream);
  }

  /** Settles with the first line, past (`from` that place on) or future, that matches; rejects when the process ends without it. */
  async line(pattern: RegExp, from = 0): Promise<string> {
    for (;;) {
      const found = this.lines.find((line, index) => index >= from && pattern.test(line));
      if (found !== undefined) return found;
      if (this.child.exitCode !== null || this.child.signalCode !== null) throw new Error(this.#without(pattern));
      await new Promise<void>((resolve) => this.#heard.push(resolve));
    }
  }

  /** The first NDJSON event of that name. */
  async event<T extends object>(name: string): Promise<T> {
    return JSON.parse(await this.line(new RegExp(`^\\{"event":"${name}"`))) as T;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.ended;
  }

  #read(stream: NodeJS.ReadableStream | null): Interface | undefined {
    if (stream === null) return undefined;
    return createInterface(stream).on('line', (line) => {
      this.lines.push(line);
      this.#tell();
    });
  }

  #tell(): void {
    const heard = this.#heard;
    this.#heard = [];
    for (const resolve of heard) resolve();
  }

  #without(pattern: RegExp): string {
    return `ended without ${String(pattern)}:\n${this.lines.join('\n')}`;
  }
}

/** Starts the command, or another program, behind a prefix. */
export type Start = (argv: readonly string[], prefix?: readonly string[], program?: string) => CliProcess;

/** Starts processes that are ended by their own handles when the test is over, whatever happened in it. */
export function processesOf({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): Start {
  const running: CliProcess[] = [];
  onTestFinished(async () => {
    await Promise.all(running.map((one) => one.kill()));
  });
  return (argv, prefix, program) => {
    const started = new CliProcess(argv, prefix, program);
    running.push(started);
    return started;
  };
}

interface Started {
  readonly id: string;
  readonly port: number;
  readonly address: string;
}

/** A node on a free loopback port, started and ready, that prints NDJSON. */
export async function startNode(start: Start, ...options: readonly string[]): Promise<CliProcess & Started> {
  const node = start(['start', '--host', '127.0.0.1', '--port', '0', '--json', ...options]);
  const { id, port, address } = await node.event<Started>('started');
  await node.event('ready');
  return Object.assign(node, { id, port, address });
}
