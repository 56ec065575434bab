/**
 * Protects packets. Without a secret it is a checksum against damage on the way, which stops nobody who means harm;
 * with one it is authenticated encryption, and the packet number, which is never used twice, is its nonce.
 */
export interface Sealer {
  /** Length of the tag at the end of a packet. */
  readonly tagBytes: number;
  /** Encrypts `packet` from `bodyStart` up to the tag in place and fills the last `tagBytes` with the tag of everything before. */
  seal(packet: Uint8Array, bodyStart: number, packetNumber: number): void;
  /** Undoes `seal` in place. False, with the bytes in any state, when the tag does not fit: the packet is dropped unread. */
  open(packet: Uint8Array, bodyStart: number, packetNumber: number): boolean;
  /** Told before the packets of a turn: keys may change now. `largestAcknowledged` is -1 before the first. */
  turn?(nowMs: number, largestAcknowledged: number): void;
}
