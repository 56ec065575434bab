/** A UDP port of this machine that is to be reached from outside. */
export interface MappingRequest {
  readonly internalPort: number;
  /** Address of this machine, when the socket is bound to one; else the one that looks towards the router. */
  readonly internalHost: string | undefined;
  /** What the router is asked for; it may give another. */
  readonly externalPort: number;
  /** How long the mapping is to live when it is not renewed, ms. */
  readonly leaseMs: number;
  /** Nobody waits any more: what a router has been told is better brought to its end, and looking for one ended. */
  readonly signal: AbortSignal;
}

/** What the router has given. */
export interface Mapping {
  readonly externalHost: string;
  readonly externalPort: number;
  /** How it was asked. */
  readonly via: string;
  /** Takes the mapping back. */
  remove(signal: AbortSignal): Promise<void>;
}

/** Speaks with the router. Replace it to map ports some other way, or in a test. */
export interface PortMapper {
  /** Makes the mapping, or renews it. Rejects with what a person can read. */
  map(request: MappingRequest): Promise<Mapping>;
}
