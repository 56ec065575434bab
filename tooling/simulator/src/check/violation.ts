/** A promise was broken: what the run ends with. */
export class Violation extends Error {
  readonly invariant: string;
  /** Indices of the nodes concerned; none: all. */
  readonly nodes: readonly number[];
  readonly key: string | undefined;

  constructor(invariant: string, detail: string, about: { nodes?: readonly number[]; key?: string } = {}) {
    super(`${invariant}: ${detail}`);
    this.name = 'Violation';
    this.invariant = invariant;
    this.nodes = about.nodes ?? [];
    this.key = about.key;
  }
}
