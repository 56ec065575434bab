/** An invariant that a run broke: what, and which key and nodes to look at. */
export class BrokenPromise extends Error {
  readonly invariant: string;
  readonly key: string | undefined;

  constructor(invariant: string, detail: string, key?: string) {
    super(`${invariant}: ${detail}`);
    this.invariant = invariant;
    this.key = key;
  }
}
