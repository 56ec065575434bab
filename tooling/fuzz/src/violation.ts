/** A rule that the decoder broke. */
export class Violation extends Error {
  override readonly name = 'Violation';
}
