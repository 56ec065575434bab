const zero = {
  queriesSent: 0,
  answersSent: 0,
  packetsRead: 0,
  announcementsRead: 0,
  found: 0,
  interfacesUp: 0,
  interfacesDown: 0,
  interfacesFailed: 0,
  interfacesTooMany: 0,
  handlerErrors: 0,
  'dropped.own': 0,
  'dropped.otherCluster': 0,
  'dropped.malformed': 0,
  'dropped.notNear': 0,
  'dropped.tooLong': 0,
  'dropped.rate': 0,
  'dropped.sourceRate': 0,
  'dropped.offerRate': 0,
  'dropped.forgotten': 0,
};

export type CounterName = keyof typeof zero;

/** What discovery counts since `start`; names are part of its interface. */
export class Counters {
  readonly #counts: Record<CounterName, number> = { ...zero };

  add(name: CounterName, count = 1): void {
    this.#counts[name] += count;
  }

  all(): Readonly<Record<string, number>> {
    return { ...this.#counts };
  }
}
