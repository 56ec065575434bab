import type { Prefix } from '@simpledht/processes';
import type { Place } from './relay.ts';

/** What a network does for a while. */
export type NetworkFault =
  | { readonly kind: 'loss' | 'duplicate' | 'corrupt'; readonly share: number }
  | { readonly kind: 'delay'; readonly delayMs: number; readonly jitterMs: number }
  /** The member hears nobody; all others hear it. */
  | { readonly kind: 'deaf'; readonly member: number }
  /** Nobody hears the member; it hears all others. */
  | { readonly kind: 'mute'; readonly member: number }
  /** The first so many hear each other only, and the others too. */
  | { readonly kind: 'split'; readonly first: number }
  | { readonly kind: 'rate'; readonly kilobitsPerSecond: number };

export type NetworkFaultKind = NetworkFault['kind'];

/** Where members run and how their datagrams travel. */
export interface Network {
  /** Faults that it can make. */
  readonly faults: readonly NetworkFaultKind[];
  /** What enters the machine of a member. */
  prefix(member: number): Prefix;
  /** Where a member that starts binds. Somebody may have been faster: then the next call tells another place. */
  place(member: number): Promise<Place>;
  /** What it is reached at by the others. */
  address(member: number): string;
  /** It cannot see by itself what it is reached at. */
  readonly advertises: boolean;
  begin(fault: NetworkFault): Promise<void>;
  /** Ends all faults. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

/** Ways that a fault cuts. */
export function cutsOf(fault: NetworkFault, members: number): (readonly [from: number, to: number])[] {
  const all = Array.from({ length: members }, (_, index) => index);
  const ways = all.flatMap((from) => all.filter((to) => to !== from).map((to) => [from, to] as const));
  if (fault.kind === 'deaf') return ways.filter(([, to]) => to === fault.member);
  if (fault.kind === 'mute') return ways.filter(([from]) => from === fault.member);
  if (fault.kind === 'split') return ways.filter(([from, to]) => from < fault.first !== to < fault.first);
  return [];
}

export function conditionOf(fault: NetworkFault): Readonly<Record<string, number>> {
  if (fault.kind === 'loss' || fault.kind === 'duplicate' || fault.kind === 'corrupt')
    return { [fault.kind]: fault.share };
  return fault.kind === 'delay' ? { delayMs: fault.delayMs, jitterMs: fault.jitterMs } : {};
}
