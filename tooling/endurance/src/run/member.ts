import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { at } from '../network/loopback.ts';
import type { Network } from '../network/network.ts';
import { Child } from '@simpledht/processes';
import type { History } from './history.ts';
import type { Break, Operation, Settled } from './operations.ts';

/** Ports on loopback are drawn before they are bound, and others draw too. */
const startAttempts = 3;

export interface MemberParts {
  readonly network: Network;
  readonly history: History;
  readonly directory: string;
  readonly breaks: Break | undefined;
  readonly members: number;
}

/** A place in the cluster: a process that comes and goes, and the store that it has on disk. */
export class Member {
  readonly index: number;
  /** Of the process that runs, or ran last. */
  id = '';
  isPaused = false;
  /** Writes that were refused or not answered in time. */
  failed = 0;
  #child: Child | undefined;
  #unsettled = 0;
  #isStarted = false;
  readonly #parts: MemberParts;

  constructor(index: number, parts: MemberParts) {
    this.index = index;
    this.#parts = parts;
  }

  /** What its keys begin with: each key has one writer. */
  get prefix(): string {
    return `m${String(this.index)}:`;
  }

  get child(): Child {
    if (this.#child === undefined) throw new Error(`member ${String(this.index)} does not run`);
    return this.#child;
  }

  get runs(): boolean {
    return this.#child?.runs === true;
  }

  /** It has started and takes writes. */
  get isWritable(): boolean {
    return this.#isStarted && this.runs;
  }

  get pid(): number {
    return this.child.pid;
  }

  /** Writes that were sent to it and not answered yet. */
  get unsettled(): number {
    return this.#unsettled;
  }

  get #path(): string {
    return join(this.#parts.directory, `member-${String(this.index)}`);
  }

  async start(): Promise<void> {
    this.#unsettled = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        this.id = await this.#begin();
        this.#isStarted = true;
        return;
      } catch (error) {
        const isTaken = String(error).includes('Address already in use');
        if (!isTaken || attempt === startAttempts) throw error;
        await this.#child?.kill();
      }
    }
  }

  write(operations: readonly Operation[]): void {
    this.#unsettled += operations.length;
    // When it ends first, what was not answered stays open.
    this.child.call('write', operations).catch(() => undefined);
  }

  pause(isPaused: boolean): void {
    this.isPaused = isPaused;
    this.child.signal(isPaused ? 'SIGSTOP' : 'SIGCONT');
  }

  async kill(): Promise<void> {
    this.#isStarted = false;
    this.isPaused = false;
    await this.#child?.kill();
  }

  /** Says goodbye, then ends. */
  async leave(): Promise<void> {
    this.#isStarted = false;
    await this.child.call('stop');
    await this.kill();
  }

  /** Its disk is gone, and with it what only it had. */
  wipe(): void {
    rmSync(this.#path, { recursive: true, force: true });
    this.#parts.history.lostDisk(this.prefix);
  }

  /** A process of its own; its id. */
  async #begin(): Promise<string> {
    const { network, members } = this.#parts;
    const { host, port } = await network.place(this.index);
    const others = Array.from({ length: members }, (_, index) => index).filter((index) => index !== this.index);
    const child = new Child(
      new URL('../process/member-process.ts', import.meta.url),
      network.prefix(this.index),
      (said) => {
        if (this.#child === child) this.#hear(said as Settled);
      },
    );
    this.#child = child;
    const { id } = await child.call<{ id: string }>('start', {
      host,
      port,
      advertise: network.advertises ? network.address(this.index) : undefined,
      bootstrap: others.map((index) => network.address(index)),
      path: this.#path,
      breaks: this.#parts.breaks,
    });
    return id;
  }

  #hear({ acknowledged, failed }: Settled): void {
    this.#unsettled -= acknowledged.length + failed;
    this.failed += failed;
    for (const [key, number, isSafe] of acknowledged) this.#parts.history.acknowledge(key, number, isSafe);
  }
}

export function memberAt(members: readonly Member[], index: number): Member {
  return at(members, index);
}
