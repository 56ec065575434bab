import type { NodeId } from '@simpledht/wire';
import { Deadlines } from './deadlines.ts';

/** At these parts of its time a suspect is asked directly once more; by the first one gossip has normally settled it. */
const parts = [0.5, 0.75, 1] as const;

interface Suspicion {
  readonly startedMs: number;
  readonly lastsMs: number;
  part: number;
}

/** What is due for a suspect: to be asked once more, or to be declared dead. */
export interface Due {
  readonly id: NodeId;
  readonly expired: boolean;
}

/** The time that each suspect has left to refute. Bounded by the roster. */
export class Suspicions {
  readonly #suspects = new Map<NodeId, Suspicion>();
  readonly #deadlines = new Deadlines<NodeId>();

  start(id: NodeId, nowMs: number, lastsMs: number): void {
    this.#suspects.set(id, { startedMs: nowMs, lastsMs, part: 0 });
    this.#deadlines.set(id, nowMs + parts[0] * lastsMs);
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
      return suspicion === undefined ? [] : [this.#advance(id, suspicion)];
    });
  }

  /** This node was not running for so long: nobody could refute meanwhile. */
  postpone(byMs: number): void {
    this.#deadlines.postpone(byMs);
    for (const [id, suspicion] of this.#suspects) {
      this.#suspects.set(id, { ...suspicion, startedMs: suspicion.startedMs + byMs });
    }
  }

  #advance(id: NodeId, suspicion: Suspicion): Due {
    const part = parts[++suspicion.part];
    if (part === undefined) {
      this.stop(id);
      return { id, expired: true };
    }
    this.#deadlines.set(id, suspicion.startedMs + part * suspicion.lastsMs);
    return { id, expired: false };
  }
}
