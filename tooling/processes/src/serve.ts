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
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
}

/** Tells the parent something that it did not ask for. */
export function say(said: unknown): void {
  process.send?.({ said });
}
