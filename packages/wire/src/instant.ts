/** A moment as a shell tells it to a core: cores have no time of their own. */
export interface Instant {
  /** Never goes back; ms with fractions, from any zero. Timers and round-trip times. */
  readonly monotonicMs: number;
  /** Wall clock, ms since 1970; may jump. Versions and expiry. */
  readonly wallMs: number;
}
