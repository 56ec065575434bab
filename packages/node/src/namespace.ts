import type { MapSource } from './map/map-source.ts';
import { MapVerbs } from './map/verbs.ts';

/** A map of its own within the cluster's: keys, types, rules. Use `node.namespace`. */
export class Namespace<T = unknown, Input = T> extends MapVerbs<T, Input> {
  readonly #source: MapSource;

  constructor(source: MapSource) {
    super();
    this.#source = source;
  }

  get name(): string {
    return this.#source.map.namespace;
  }

  protected override get source(): MapSource {
    return this.#source;
  }
}
