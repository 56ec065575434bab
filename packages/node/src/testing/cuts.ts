/** Whether what the node at index `from` sends to the one at `to` is lost. Each direction is asked for itself. */
export type IsCut = (from: number, to: number) => boolean;

export const noCut: IsCut = () => false;

/** Only nodes of the same group hear each other; indices not named are alone. */
export function groupsCut(groups: readonly (readonly number[])[]): IsCut {
  const groupOf = (index: number): number => groups.findIndex((group) => group.includes(index));
  return (from, to) => groupOf(from) < 0 || groupOf(to) !== groupOf(from);
}

/** Nothing goes from the first to the second; what comes back arrives. */
export function oneWayCut(senders: readonly number[], receivers: readonly number[]): IsCut {
  return (from, to) => senders.includes(from) && receivers.includes(to);
}

/** Two sides that do not hear each other; whoever is on neither hears both. */
export function bridgeCut(left: readonly number[], right: readonly number[]): IsCut {
  return (from, to) => (left.includes(from) && right.includes(to)) || (right.includes(from) && left.includes(to));
}

/** Each of so many nodes hears its two neighbours. */
export function ringCut(size: number): IsCut {
  return (from, to) => {
    const apart = Math.abs(from - to);
    return apart !== 1 && apart !== size - 1;
  };
}
