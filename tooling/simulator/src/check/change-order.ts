import type { Change } from '@simpledht/node';
import { checkShown, type Last, type Shown } from './shown.ts';
import { Violation } from './violation.ts';

/** What one process told its user: each key's changes become later and later, and none is told twice. */
export class ChangeOrder {
  readonly #node: number;
  readonly #fail: (violation: Violation) => void;
  readonly #last = new Map<string, Last>();

  constructor(node: number, fail: (violation: Violation) => void) {
    this.#node = node;
    this.#fail = fail;
  }

  heard({ key, version, deleted, expired }: Change): void {
    const last = this.#last.get(key);
    this.#last.set(key, { version, isGone: deleted });
    if (last === undefined) return;
    const order = compareVersions(last.version, version);
    // Once more with the same version: it has expired.
    if (order < 0 || (order === 0 && expired && !last.isGone)) return;
    const invariant = order === 0 ? 'applied twice' : 'a change went back';
    const detail = `${key}: ${version} after ${last.version} on node ${String(this.#node)}`;
    this.#fail(new Violation(invariant, detail, { nodes: [this.#node], key }));
  }

  /** What was told last of each key is what is there. */
  checkEnd(shown: Shown): void {
    checkShown(this.#last, shown, 'a change was not told');
  }
}

/** Versions as users see them: the clock in base 36, and the writer. */
export function compareVersions(a: string, b: string): number {
  const [clockA = '', writerA = ''] = a.split('-');
  const [clockB = '', writerB = ''] = b.split('-');
  const byClock = Number.parseInt(clockA, 36) - Number.parseInt(clockB, 36);
  return byClock === 0 ? (writerA < writerB ? -1 : Number(writerA > writerB)) : byClock;
}
