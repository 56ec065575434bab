import type { NodeId } from '@simpledht/wire';
import { Deadlines } from './deadlines.ts';
import { confirmationsNeeded, suspicionMs, suspicionTimeoutMs, type MembershipSettings } from './settings.ts';

/** At these parts of its least time a suspect is asked directly once more; by the first one gossip has normally settled it. */
const parts = [0.5, 0.75] as const;

interface Suspicion {
  readonly startedMs: number;
  /** Members, this node included, when it began: later deaths do not shorten it. */
  readonly size: number;
  readonly confirmations: number;
  /** How often the suspect was asked. */
  readonly asked: number;
}

/** What is due for a suspect: to be asked once more, or to be declared dead. */
export interface Due {
  readonly id: NodeId;
  readonly expired: boolean;
}

/** The time that each suspect has left to refute. Bounded by the roster. */
export class Suspicions {
  readonly #settings: MembershipSettings;
  readonly #suspects = new Map<NodeId, Suspicion>();
  readonly #deadlines = new Deadlines<NodeId>();

  constructor(settings: MembershipSettings) {
    this.#settings = settings;
  }

  start(id: NodeId, nowMs: number, { size, confirmations }: { size: number; confirmations: number }): void {
    this.#set(id, { startedMs: nowMs, size, confirmations, asked: 0 });
  }

  /** So many members confirm it by now. True when that shortens the suspicion: then it is worth telling others. */
  confirm(id: NodeId, confirmations: number): boolean {
    const suspicion = this.#suspects.get(id);
    if (suspicion === undefined || confirmations <= suspicion.confirmations) return false;
    const shortens = suspicion.confirmations < confirmationsNeeded(this.#settings, suspicion.size);
    this.#set(id, { ...suspicion, confirmations });
    return shortens;
  }

  stop(id: NodeId): void {
    this.#suspects.delete(id);
    this.#deadlines.delete(id);
  }

  clear(): void {
    this.#suspects.clear();
    this.#deadlines.clear();
  }

  deadline(): number | undefined {
    return this.#deadlines.next();
  }

  takeDue(nowMs: number): readonly Due[] {
    return this.#deadlines.takeDue(nowMs).flatMap((id) => {
      const suspicion = this.#suspects.get(id);
      return suspicion === undefined ? [] : [this.#advance(id, suspicion, nowMs)];
    });
  }

  /** This node was not running for so long: nobody could refute meanwhile. */
  postpone(byMs: number): void {
    this.#deadlines.postpone(byMs);
    for (const [id, suspicion] of this.#suspects) {
      this.#suspects.set(id, { ...suspicion, startedMs: suspicion.startedMs + byMs });
    }
  }

  #advance(id: NodeId, suspicion: Suspicion, nowMs: number): Due {
    if (this.#endMs(suspicion) <= nowMs) {
      this.stop(id);
      return { id, expired: true };
    }
    this.#set(id, { ...suspicion, asked: suspicion.asked + 1 });
    return { id, expired: false };
  }

  #set(id: NodeId, suspicion: Suspicion): void {
    this.#suspects.set(id, suspicion);
    const part = parts[suspicion.asked];
    const askMs = part === undefined ? Infinity : this.#askMs(suspicion, part);
    this.#deadlines.set(id, Math.min(askMs, this.#endMs(suspicion)));
  }

  #askMs({ startedMs, size }: Suspicion, part: number): number {
    return startedMs + part * suspicionMs(this.#settings, size);
  }

  #endMs({ startedMs, size, confirmations }: Suspicion): number {
    return startedMs + suspicionTimeoutMs(this.#settings, size, confirmations);
  }
}
