import type { Clock } from '@simpledht/transport';
import { InDoubtError, SimpleDHTError, type Acks } from '@simpledht/wire';
import { checkAcks } from '../options.ts';
import { within } from '../waiting.ts';
import type { ReplicaShell } from './replica-shell.ts';

interface Waiter {
  readonly settle: (count: number) => void;
  readonly fail: (error: unknown) => void;
}

/** Members that `acks` asks for, of `known` members (this node included). Throws before anything is written. */
export function neededMembers(acks: Acks, known: number): number {
  checkAcks(acks);
  if (acks === 'local') return 1;
  if (acks === 'majority') return Math.floor(known / 2) + 1;
  if (acks === 'all') return known;
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
  async wait(seq: number, needed: number, timeoutMs: number, signal: AbortSignal | undefined): Promise<number> {
    const { core } = this.#shell;
    const held = core.acknowledged(seq);
    if (held >= needed) return held;
    const token = core.expect(seq, needed);
    const settled = new Promise<number>((settle, fail) => {
      this.#waiters.set(token, { settle, fail });
    });
    try {
      const late = (): Error => new InDoubtError(core.acknowledged(seq), needed);
      return await within(settled, { clock: this.#clock, timeoutMs, signal, late });
    } finally {
      this.#waiters.delete(token);
      core.cancelExpect(token);
    }
  }

  settle(token: number, count: number): void {
    this.#waiters.get(token)?.settle(count);
  }

  close(): void {
    const error = new SimpleDHTError('ERR_CLOSED', 'The node stopped before enough members confirmed; the write stays');
    for (const { fail } of this.#waiters.values()) fail(error);
  }
}
