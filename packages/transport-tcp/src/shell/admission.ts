import { isLoopbackIp } from '@simpledht/transport/adapter';
import type { DropReason } from '../core/effects.ts';
import type { TcpSettings } from '../core/settings.ts';

/** An accepted socket that counts. */
export interface Admitted {
  readonly ip: string;
  /** It has not said who it is. */
  isPending: boolean;
  isGone: boolean;
}

interface Count {
  all: number;
  pending: number;
}

/** Bounds accepted sockets before anything is done for them. Bounded by `maxPendingHandshakes` and what is up. */
export class Admission {
  readonly #settings: TcpSettings;
  readonly #bySource = new Map<string, Count>();
  #pending = 0;

  constructor(settings: TcpSettings) {
    this.#settings = settings;
  }

  /** Takes a socket in, or says by which bound it is refused. */
  admit(ip: string): Admitted | DropReason {
    const { maxPendingHandshakes, maxConnectionsPerSource, maxPendingPerSource } = this.#settings;
    if (this.#pending >= maxPendingHandshakes) return 'full';
    const count = this.#bySource.get(ip) ?? { all: 0, pending: 0 };
    if (!isLoopbackIp(ip) && (count.all >= maxConnectionsPerSource || count.pending >= maxPendingPerSource))
      return 'source';
    count.all++;
    count.pending++;
    this.#bySource.set(ip, count);
    this.#pending++;
    return { ip, isPending: true, isGone: false };
  }

  onProven(admitted: Admitted): void {
    if (!admitted.isPending) return;
    admitted.isPending = false;
    this.#pending--;
    const count = this.#bySource.get(admitted.ip);
    if (count !== undefined) count.pending--;
  }

  onGone(admitted: Admitted): void {
    if (admitted.isGone) return;
    admitted.isGone = true;
    this.onProven(admitted);
    const count = this.#bySource.get(admitted.ip);
    if (count === undefined) return;
    count.all--;
    if (count.all === 0) this.#bySource.delete(admitted.ip);
  }
}
