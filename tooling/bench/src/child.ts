import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A role in a process of its own, called by name over the process channel. */
export class Child {
  readonly #process: ChildProcess;
  readonly #pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #next = 1;

  constructor(role: string, core?: number) {
    const file = fileURLToPath(new URL(`roles/${role}.ts`, import.meta.url));
    const execArgv = ['--conditions=@simpledht/source', '--import', 'tsx', '--expose-gc'];
    this.#process =
      core === undefined || !canPin
        ? fork(file, { execArgv })
        : fork(file, { execPath: 'taskset', execArgv: ['-c', String(core), process.execPath, ...execArgv] });
    this.#process.on('message', (message: { id: number; result?: unknown; error?: string }) => {
      const waiter = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      if (message.error === undefined) waiter?.resolve(message.result);
      else waiter?.reject(new Error(message.error));
    });
    this.#process.on('exit', (code) => {
      for (const { reject } of this.#pending.values()) reject(new Error(`${role} ended with ${String(code)}`));
    });
  }

  call<T>(method: string, ...args: unknown[]): Promise<T> {
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#process.send({ id, method, args });
    });
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}

/** Sequential latency compares only between processes on the same core; without `taskset` the rows say so. */
export const canPin: boolean = spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/** Serves the calls of a `Child`. */
export function serve(methods: Readonly<Record<string, (...args: never[]) => unknown>>): void {
  process.on('message', ({ id, method, args }: { id: number; method: string; args: never[] }) => {
    void (async () => {
      try {
        process.send?.({ id, result: await methods[method]?.(...args) });
      } catch (error) {
        process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      }
    })();
  });
  // The parent is gone: nobody is left to answer.
  process.on('disconnect', () => process.kill(process.pid));
}
