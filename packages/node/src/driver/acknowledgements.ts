import type { Clock } from '@simpledht/transport';
import { InDoubtError, SimpleDHTError, type Acks } from '@simpledht/wire';
import { invalid } from '../options.ts';
import type { ReplicaShell } from './replica-shell.ts';

interface Waiter {
  readonly settle: (count: number) => void;
  readonly fail: (error: unknown) => void;
}

/** Members that `acks` asks for, of `known` members (this node included). Throws before anything is written. */
export function neededMembers(acks: Acks | undefined, known: number): number {
  if (acks === undefined || acks === 'local') return 1;
  if (acks === 'majority') return Math.floor(known / 2) + 1;
  if (acks === 'all') return known;
  if (typeof acks !== 'number' || !Number.isInteger(acks) || acks < 1)
    throw invalid('acks', "'local', 'majority', 'all' or a positive integer", acks);
  if (acks <= known) return acks;
  throw new SimpleDHTError(
    'ERR_TOO_FEW_MEMBERS',
    `acks: ${String(acks)} asks for more members than the ${String(known)} that are known; nothing was written`,
  );
}

/** Writers waiting until enough members hold what they wrote. Bounded by the callers' own pending writes. */
export class Acknowledgements {
  readonly #shell: ReplicaShell;
  readonly #clock: Clock;
  readonly #waiters = new Map<number, Waiter>();

  constructor(shell: ReplicaShell, clock: Clock) {
    this.#shell = shell;
    this.#clock = clock;
  }

  /** Settles with the number of members that hold `seq`, or rejects with `InDoubtError`, `ERR_CLOSED` or the signal's reason. */
  wait(seq: number, needed: number, timeoutMs: number, signal: AbortSignal | undefined): Promise<number> {
    const held = this.#shell.core.acknowledged(seq);
    if (held >= needed) return Promise.resolve(held);
    return new Promise<number>((resolve, reject) => {
      const token = this.#shell.core.expect(seq, needed);
      const timer = this.#clock.setTimeout(() => {
        this.#end(token)?.fail(new InDoubtError(this.#shell.core.acknowledged(seq), needed));
      }, timeoutMs);
      const abort = (): void => {
        this.#end(token)?.fail(signal?.reason);
      };
      const clean = (): void => {
        this.#clock.clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      this.#waiters.set(token, {
        settle: (count) => {
          clean();
          resolve(count);
        },
        fail: (error) => {
          clean();
          this.#shell.core.cancelExpect(token);
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- an AbortSignal's reason is passed on as it is
          reject(error);
        },
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  settle(token: number, count: number): void {
    this.#end(token)?.settle(count);
  }

  close(): void {
    const error = new SimpleDHTError('ERR_CLOSED', 'The node stopped before enough members confirmed; the write stays');
    for (const token of [...this.#waiters.keys()]) this.#end(token)?.fail(error);
  }

  #end(token: number): Waiter | undefined {
    const waiter = this.#waiters.get(token);
    this.#waiters.delete(token);
    return waiter;
  }
}
