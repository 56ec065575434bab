import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: string;
  /** Said without having been asked. */
  readonly said?: unknown;
}

/** Where a program runs: words before its command line, such as those that enter a network namespace. */
export type Prefix = readonly string[];

/** A program in TypeScript in a process of its own, whose methods are called by name over the process channel. */
export class Child {
  /** Settles when the process is gone, whatever ended it. */
  readonly ended: Promise<void>;
  readonly #process: ChildProcess;
  readonly #pending = new Map<number, Waiter>();
  readonly #name: string;
  #next = 1;

  /** `hear` gets what the program says without having been asked. */
  constructor(program: URL, prefix: Prefix = [], hear: (said: unknown) => void = () => undefined) {
    const file = fileURLToPath(program);
    this.#name = basename(file, '.ts');
    const flags = ['--expose-gc', '--conditions=@simpledht/source', '--import', 'tsx'];
    const line: readonly string[] = [...prefix, process.execPath, ...flags, file];
    const [command = '', ...argv] = line;
    this.#process = spawn(command, argv, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.ended = once(this.#process, 'close').then(() => {
      this.#rejectAll();
    });
    this.#process.on('message', (answer: Answer) => {
      if (answer.id === undefined) hear(answer.said);
      else this.#settle(answer.id, answer);
    });
    // Calls that cannot be sent any more are rejected when it has ended.
    this.#process.on('error', () => undefined);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get runs(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  call<Result>(method: string, ...args: readonly unknown[]): Promise<Result> {
    const id = this.#next++;
    return new Promise<Result>((resolve, reject) => {
      // Both ends of the channel are of one tool.
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      if (this.#process.connected) this.#process.send({ id, method, args });
      else this.#settle(id, { error: `${this.#name} has ended` });
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async kill(): Promise<void> {
    if (this.runs) this.#process.kill('SIGKILL');
    await this.ended;
  }

  #settle(id: number, { result, error }: Answer): void {
    const waiter = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) waiter?.resolve(result);
    else waiter?.reject(new Error(error));
  }

  #rejectAll(): void {
    for (const id of [...this.#pending.keys()]) this.#settle(id, { error: `${this.#name} has ended` });
  }
}
