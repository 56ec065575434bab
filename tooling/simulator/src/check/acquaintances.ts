interface Meeting {
  readonly one: string;
  readonly other: string;
  readonly atMs: number;
}

/** Which members have heard of which, and since when. */
export class Acquaintances {
  readonly #meetings: Meeting[] = [];
  /** Since when a member has found somebody behind each of its names. */
  readonly #settledMs = new Map<string, number>();

  met(meeting: Meeting): void {
    this.#meetings.push(meeting);
  }

  /** It has found somebody behind each of its names. */
  settled(id: string, atMs: number): void {
    if (!this.#settledMs.has(id)) this.#settledMs.set(id, atMs);
  }

  wasSettled(id: string, atMs: number): boolean {
    return (this.#settledMs.get(id) ?? Infinity) <= atMs;
  }

  /** Until then neither had heard of the other, nor of anybody who had. */
  wereStrangers(one: string, other: string, untilMs: number): boolean {
    const groupOf = new Map<string, string[]>();
    for (const { one: left, other: right, atMs } of this.#meetings) {
      if (atMs > untilMs) continue;
      const group = [...new Set([...(groupOf.get(left) ?? [left]), ...(groupOf.get(right) ?? [right])])];
      for (const id of group) groupOf.set(id, group);
    }
    return one !== other && groupOf.get(one)?.includes(other) !== true;
  }
}
