/** Numbers of the STUN client. Times in ms. */
export interface StunSettings {
  /** RTO of RFC 8489 §6.2.1: a request is sent again after this, then after twice as long as before. */
  readonly rtoMs: number;
  /** Rc of §6.2.1: how often a request is sent in all. */
  readonly maxSends: number;
  /** Rm of §6.2.1: after the last time, an answer is waited for so many times `rtoMs`. */
  readonly lastWaitFactor: number;
  /** The servers are asked again after this. A guess: a router that restarts is noticed within minutes, at no cost. */
  readonly refreshMs: number;
  /** Servers that can be named; each costs up to `maxSends` datagrams. */
  readonly maxServers: number;
}

export const defaultStunSettings: StunSettings = {
  rtoMs: 500,
  maxSends: 7,
  lastWaitFactor: 16,
  refreshMs: 300_000,
  maxServers: 8,
};
