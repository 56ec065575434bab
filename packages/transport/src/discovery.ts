import type { Address } from '@simpledht/wire';

/**
 * The Discovery port: how nodes find each other when nobody has told them an address. Implement it to look elsewhere, such
 * as in a registry of your own, and run `@simpledht/transport/compliance` on the result.
 *
 * Best effort: what fails is told as an error and never thrown, and the search goes on. Whoever is found is not trusted for
 * it: the node dials the address, and the link decides who is taken in.
 */
export interface Discovery {
  /**
   * Begins to announce this node and to look for others. Called once, when the node listens. It returns at once, never
   * throws, and calls no handler before it has returned.
   */
  start(announcement: Announcement, handlers: DiscoveryHandlers): void;
  /** Counters since `start`, by name; for metrics. */
  readonly counters: Readonly<Record<string, number>>;
  /**
   * Takes the announcement back and ends the search: no handler is called afterwards, and who looks later does not find this
   * node. Idempotent; may be called without `start`. Never rejects.
   */
  stop(): Promise<void>;
}

/** What a node wants others to know. All of it may be read by anybody. */
export interface Announcement {
  /** Names this node. Others get it as it is. */
  readonly id: string;
  /** Where the node listens, as its transport writes it: `0.0.0.0:5000` is every address of the machine. */
  readonly address: Address;
  /** Addresses of this machine under which others may reach the node. */
  readonly localAddresses: readonly Address[];
  /**
   * Say which cluster this is; they are made from its name and secret and tell neither. Several while one secret takes the
   * place of another. Who has none of them in common is somebody else's.
   */
  readonly tags: readonly string[];
}

export interface DiscoveryHandlers {
  /**
   * Somebody with a tag in common. Told again from time to time while it is there, so that who could not be reached is
   * tried again; never of this node itself. What a handler throws is dropped.
   */
  onFound(found: Found): void;
  /** Something failed that a person may want to know; the search goes on. */
  onError(error: Error): void;
}

export interface Found {
  /** As announced; not proven. */
  readonly id: string;
  /** Where to dial it. A node with several addresses is told with one after the other. */
  readonly address: Address;
}
