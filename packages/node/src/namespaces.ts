import { checkNamespace } from '@simpledht/storage';
import { SimpleDHTError } from '@simpledht/wire';
import type { Parts } from './defaults.ts';
import type { Driver } from './driver/driver.ts';
import { KeyCount } from './map/key-count.ts';
import { MapSource } from './map/map-source.ts';
import { checkNamespaceOptions, type NamespaceOptions } from './map/rules.ts';
import { ReplicatedMap, type MapRules } from './replicated-map.ts';
import type { ChangeFeed } from './watch/feed.ts';

export interface NamespacesParts {
  readonly parts: Parts;
  readonly driver: Driver;
  readonly feed: ChangeFeed;
  readonly mustBeOpen: () => void;
  readonly onError: (error: Error) => void;
}

interface Named {
  readonly options: NamespaceOptions;
  readonly source: MapSource;
  readonly keys: KeyCount | undefined;
}

/** The namespaces that this program has named, each with its rules. Bounded by the program's own names. */
export class Namespaces {
  /** The node's own keys: the namespace without a name. */
  readonly own: MapSource;
  readonly #parts: NamespacesParts;
  readonly #named = new Map<string, Named>();

  constructor(parts: NamespacesParts) {
    this.#parts = parts;
    this.own = this.#source('', {}, undefined);
  }

  /** The namespace of that name. Throws `ERR_INVALID_OPTION`, also for rules other than those that it has. */
  open(name: string, options: NamespaceOptions): MapSource {
    checkNamespace(name);
    checkNamespaceOptions(options);
    const named = this.#named.get(name);
    if (named !== undefined) {
      if (isSame(options, {}) || isSame(options, named.options)) return named.source;
      throw new SimpleDHTError('ERR_INVALID_OPTION', `The namespace ${name} is in use with other options`);
    }
    const { maxKeys } = options;
    const keys = maxKeys === undefined ? undefined : new KeyCount(this.#parts.feed, name, maxKeys);
    const source = this.#source(name, options, keys);
    this.#named.set(name, { options, source, keys });
    return source;
  }

  /** For calls from outside: the rules hold for them, too. A name that the program has not named is not kept. */
  map(name: string): ReplicatedMap {
    if (name === '') return this.own.map;
    return (this.#named.get(name)?.source ?? this.#source(checkNamespace(name), {}, undefined)).map;
  }

  /** The first sync is over. */
  recount(): void {
    for (const { keys } of this.#named.values()) keys?.recount();
  }

  #source(namespace: string, options: NamespaceOptions, keys: KeyCount | undefined): MapSource {
    const { parts, driver, feed, mustBeOpen, onError } = this.#parts;
    const { clock } = parts;
    const maxValueBytes = Math.min(parts.maxValueBytes, options.maxValueBytes ?? Infinity);
    const rules = rulesOf(options, keys);
    const map = new ReplicatedMap({ driver, mustBeOpen, clock, namespace, maxValueBytes, rules });
    return new MapSource({ map, feed, clock, onError });
  }
}

function rulesOf({ schema, ttl }: NamespaceOptions, keys: KeyCount | undefined): MapRules | undefined {
  if (schema === undefined && ttl === undefined && keys === undefined) return undefined;
  return { schema, ttl, keys };
}

function isSame(a: NamespaceOptions, b: NamespaceOptions): boolean {
  return a.schema === b.schema && a.maxKeys === b.maxKeys && a.maxValueBytes === b.maxValueBytes && a.ttl === b.ttl;
}
