import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { splitKey, type Store } from '@simpledht/storage';
import { decodeValue } from '@simpledht/wire';

const program = fileURLToPath(new URL('writer.ts', import.meta.url));

/** The last number that was answered for, by key. */
export type Acknowledged = ReadonlyMap<string, number>;

/** A process that writes to a store and tells what it was answered. */
export class Writing {
  readonly #child: ChildProcess;
  readonly #acknowledged = new Map<string, number>();
  readonly #read: Promise<void>;
  #answers = 0;
  #heard: (() => void) | undefined;

  constructor(path: string, run: string, sync: boolean) {
    const flags = ['--conditions=@simpledht/source', '--import', 'tsx', program];
    const argv = [...flags, path, run, sync ? 'sync' : 'no-sync'];
    this.#child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#read = this.#readAll();
  }

  get answers(): number {
    return this.#answers;
  }

  /** Settles once it writes, so many ms and one answer later. */
  async runFor(ms: number): Promise<void> {
    await new Promise<void>((resolve) => (this.#heard = resolve));
    // Real time is what is tested: a kill at a moment that nothing in the process knows of.
    await wait(ms);
  }

  /** The machine stops: what the process handed to the system is where the system has put it. */
  async freeze(): Promise<void> {
    this.#child.kill('SIGSTOP');
    // A sync that was under way ends on its own, and then nothing moves any more.
    await wait(100);
  }

  /** `kill -9`; what it was answered before. */
  async kill(): Promise<Acknowledged> {
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    await this.#read;
    return this.#acknowledged;
  }

  async #readAll(): Promise<void> {
    if (this.#child.stdout === null) return;
    for await (const line of createInterface(this.#child.stdout)) {
      const [key = '', number = ''] = line.split('\t');
      // The last line may be cut: its end is missing, and so is the acknowledgement.
      if (!/^run \w+ key \d+$/.test(key) || !/^\d+$/.test(number)) continue;
      this.#answers += 1;
      this.#acknowledged.set(key, Number(number));
      this.#heard?.();
    }
  }
}

/** Every fifth write of a key is a delete; which one differs, so that at any time most keys are there. */
export function isDelete(index: number, number: number): boolean {
  return (number + index) % 5 === 0;
}

/** Keys whose acknowledged write, or the one that followed it, is not in the store. */
export function missing(store: Store, acknowledged: Acknowledged): string[] {
  const stored = new Map<string, number>();
  for (const { key, value } of store.range()) if (value !== null) stored.set(splitKey(key).key, numberOf(value));
  return [...acknowledged].filter(([key, number]) => !holds(stored, key, number)).map(([key]) => key);
}

function holds(stored: ReadonlyMap<string, number>, key: string, number: number): boolean {
  const found = stored.get(key);
  // A delete leaves no number, and no record once its tombstone is purged.
  const index = Number(/\d+$/.exec(key)?.[0]);
  if (found === undefined) return isDelete(index, number) || isDelete(index, number + 1);
  return found === number || found === number + 1;
}

function numberOf(value: Uint8Array): number {
  return (decodeValue(value) as { readonly number: number }).number;
}
