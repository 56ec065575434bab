import { spawnSync } from 'node:child_process';
import { Child as Process } from '@simpledht/processes';

/** A role in a process of its own, on one core when that is named and possible. */
export class Child extends Process {
  constructor(role: string, core?: number) {
    const pinned = core === undefined || !canPin ? [] : ['taskset', '-c', String(core)];
    super(new URL(`roles/${role}.ts`, import.meta.url), pinned);
  }

  stop(): void {
    this.signal('SIGKILL');
  }
}

/** Sequential latency compares only between processes on the same core; without `taskset` the rows say so. */
export const canPin: boolean = spawnSync('taskset', ['-c', '0', 'true']).status === 0;
