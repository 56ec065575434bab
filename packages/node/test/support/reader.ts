import type { DHTNode, WatchEvent, WatchIterator, WatchOptions } from '@simpledht/node';

interface Held {
  readonly value: unknown;
  readonly expiresAt: number | undefined;
}

/** What a reader knew when it was given a token. */
interface Bookmark {
  readonly token: string;
  readonly map: ReadonlyMap<string, Held>;
  readonly versions: ReadonlyMap<string, string>;
  /** Who gave it: another node that is behind may show older versions for a while. */
  readonly node: DHTNode | undefined;
}

/** A reader of a watch that rebuilds the map from events, as fast as it is allowed, and objects when a key goes back. */
export class Reader {
  readonly prefix: string;
  readonly kinds: string[] = [];
  map: Map<string, Held>;
  isSynced = false;
  isDone = false;
  bookmark: Bookmark | undefined;
  #versions = new Map<string, string>();
  #watch: WatchIterator | undefined;
  #allowed = 0;
  #gate: (() => void) | undefined;
  #node: DHTNode | undefined;
  failure: unknown;

  constructor(prefix: string) {
    this.prefix = prefix;
    this.map = new Map();
  }

  /** Reads on from the last token when `resume`, else anew. */
  begin(node: DHTNode, resume: boolean): void {
    this.isSynced = false;
    const { bookmark } = this;
    const from = resume && bookmark !== undefined ? bookmark : undefined;
    this.map = new Map(from?.map);
    this.#versions = new Map(node === from?.node ? from.versions : undefined);
    this.#node = node;
    const options: WatchOptions = { prefix: this.prefix, ...(from === undefined ? {} : { from: from.token }) };
    this.#watch = node.watch(options);
    void this.#pump(this.#watch);
  }

  async end(): Promise<void> {
    await this.#watch?.return();
    this.#watch = undefined;
  }

  /** Lets it read so many events more. */
  allow(count: number): void {
    this.#allowed += count;
    this.#gate?.();
  }

  async #pump(watch: WatchIterator): Promise<void> {
    try {
      for (;;) {
        while (this.#allowed <= 0)
          await new Promise<void>((resolve) => {
            this.#gate = resolve;
          });
        const result = await watch.next();
        if (this.#watch !== watch || result.done === true) break;
        this.#allowed -= 1;
        this.#take(result.value);
      }
      this.isDone = true;
    } catch (error) {
      this.failure = error;
    }
  }

  #take(event: WatchEvent): void {
    this.kinds.push(event.type);
    switch (event.type) {
      case 'synced':
        this.isSynced = true;
        break;
      case 'lagged':
        this.isSynced = false;
        if (event.restart) this.map.clear();
        break;
      case 'entry':
      case 'put':
        this.#advance(event);
        this.map.set(event.key, { value: event.value, expiresAt: event.expiresAt });
        break;
      case 'delete':
      case 'expired':
        this.#advance(event);
        this.map.delete(event.key);
    }
    if ('token' in event && event.token !== undefined)
      this.bookmark = {
        token: event.token,
        map: new Map(this.map),
        versions: new Map(this.#versions),
        node: this.#node,
      };
  }

  #advance({ key, version }: { key: string; version: string }): void {
    const before = this.#versions.get(key);
    if (before !== undefined && compareVersions(version, before) < 0)
      throw new Error(`${key} went back from ${before} to ${version}`);
    this.#versions.set(key, version);
  }
}

function compareVersions(a: string, b: string): number {
  const [hlcA = '', writerA = ''] = a.split('-');
  const [hlcB = '', writerB = ''] = b.split('-');
  return parseInt(hlcA, 36) - parseInt(hlcB, 36) || (writerA < writerB ? -1 : writerA > writerB ? 1 : 0);
}
