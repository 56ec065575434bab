import { Membership } from '@simpledht/membership';
import { Replica } from '@simpledht/storage';
import type { Parts } from '../defaults.ts';
import type { Identity } from '../identity.ts';
import type { RosterCopy } from './roster-copy.ts';

export function makeMembership(parts: Parts, { id }: Identity, earlier: RosterCopy | undefined): Membership {
  const { clock, random, store, membership: settings } = parts;
  // Seconds of the wall clock, or more if it was set back: a restarted member speaks over what was said of its former life.
  const incarnation = Math.max(Math.floor(clock.now() / 1000), (earlier?.incarnation ?? -1) + 1);
  return new Membership({
    id,
    random: () => random.next(),
    incarnation,
    durable: store.durable,
    settings,
  });
}

/** `alone`: nobody is looked for. */
export function makeReplica(parts: Parts, { id }: Identity, membership: Membership, alone: boolean): Replica {
  const { random, store, replica: settings } = parts;
  return new Replica({
    id,
    store,
    random: () => random.next(),
    randomBytes: (length) => random.bytes(length),
    alone,
    settings,
    members: () => membership.members.filter(({ state }) => state !== 'left').map((member) => member.id),
    isSearching: () => membership.isSearching,
  });
}
