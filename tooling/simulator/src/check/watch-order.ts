import type { WatchEvent } from '@simpledht/node';
import { compareVersions } from './change-order.ts';
import { checkShown, type Last, type Shown } from './shown.ts';
import { Violation } from './violation.ts';

/** What one watch was told: each key's events become later and later, none comes twice, and in the end all is known. */
export class WatchOrder {
  readonly #node: number;
  readonly #fail: (violation: Violation) => void;
  readonly #last = new Map<string, Last>();
  /** After `lagged` the latest state comes, known or not. */
  #isAnew = false;

  constructor(node: number, fail: (violation: Violation) => void) {
    this.#node = node;
    this.#fail = fail;
  }

  /** Follows a watch to its end. */
  async follow(events: AsyncIterable<WatchEvent> | Iterable<WatchEvent>): Promise<void> {
    for await (const event of events) this.#heard(event);
  }

  /** Of a watch that began with what was there. */
  checkEnd(shown: Shown): void {
    checkShown(this.#last, shown, 'a watch was not told');
    const untold = [...shown.node.keys()].find((key) => !this.#last.has(key));
    if (untold === undefined) return;
    const detail = `${untold} on node ${String(shown.index)}`;
    throw new Violation('a watch was not told', detail, { nodes: [shown.index], key: untold });
  }

  #heard(event: WatchEvent): void {
    if (event.type === 'lagged') {
      this.#isAnew = true;
      if (event.restart) this.#last.clear();
    } else if (event.type === 'synced') this.#isAnew = false;
    else this.#changed(event);
  }

  #changed({ type, key, version }: Extract<WatchEvent, { key: string }>): void {
    const last = this.#last.get(key);
    this.#last.set(key, { version, isGone: type === 'delete' || type === 'expired' });
    if (last === undefined) return;
    const order = compareVersions(last.version, version);
    if (order < 0 || (order === 0 && (this.#isAnew || (type === 'expired' && !last.isGone)))) return;
    const invariant = order === 0 ? 'a watch was told twice' : 'a watch went back';
    const detail = `${key}: ${type} ${version} after ${last.version}`;
    this.#fail(new Violation(invariant, detail, { nodes: [this.#node], key }));
  }
}
