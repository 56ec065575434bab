interface Meeting {
  readonly one: string;
  readonly other: string;
  readonly atMs: number;
}

/** Which members have heard of which, and since when. */
export class Acquaintances {
  readonly #meetings: Meeting[] = [];

  met(meeting: Meeting): void {
    this.#meetings.push(meeting);
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
