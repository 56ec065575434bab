/** What a run has to take away again, last first, also after Ctrl+C. */
export class Cleanup {
  readonly #tasks: (() => Promise<void> | void)[] = [];
  readonly #signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  #running: Promise<void> | undefined;

  constructor() {
    for (const signal of this.#signals) process.once(signal, this.#interrupted);
  }

  add(task: () => Promise<void> | void): void {
    this.#tasks.push(task);
  }

  /** Safe to call twice. */
  run(): Promise<void> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  readonly #interrupted = (signal: NodeJS.Signals): void => {
    process.stderr.write(`\n${signal}: taking everything away\n`);
    void this.run().finally(() => process.kill(process.pid, signal));
  };

  async #runAll(): Promise<void> {
    for (let task = this.#tasks.pop(); task !== undefined; task = this.#tasks.pop()) {
      try {
        await task();
      } catch (error) {
        process.stderr.write(`not taken away: ${String(error)}\n`);
      }
    }
    for (const signal of this.#signals) process.removeListener(signal, this.#interrupted);
  }
}
