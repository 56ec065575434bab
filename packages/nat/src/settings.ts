/** Numbers of a port mapping. Times in ms. */
export interface PortMapSettings {
  /** Life of a mapping that is not renewed. A router that keeps mappings only for ever keeps it until `stop`. A guess. */
  readonly leaseMs: number;
  /** A mapping is renewed after this: half of its life, as RFC 6886 §3.7 says, so that one failure does no harm. */
  readonly renewMs: number;
  /** After a failure it is tried again after this, then twice that, and so on up to `renewMs`. A guess. */
  readonly retryMs: number;
  /** Time for one try: routers answer a search within 3 s (UPnP Device Architecture §1.3.2), and then four calls or a few more. */
  readonly attemptMs: number;
  /** `stop` waits so long for the router to take the mapping back; then it runs out by itself. */
  readonly stopMs: number;
}

export const defaultPortMapSettings: PortMapSettings = {
  leaseMs: 3_600_000,
  renewMs: 1_800_000,
  retryMs: 60_000,
  attemptMs: 10_000,
  stopMs: 2000,
};
