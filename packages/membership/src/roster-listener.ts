import type { Address, Instant, MemberState, NodeId } from '@simpledht/wire';
import type { Entry } from './member.ts';

/** Who hears of what happens in the roster. */
export interface RosterListener {
  /** `before` is undefined for a new member; equal to the state when only the incarnation grew. */
  changed(entry: Entry, before: MemberState | undefined, now: Instant): void;
  /** Somebody more found that the suspect does not answer. */
  accused(entry: Entry, now: Instant): void;
  /** Who is held dead here is only suspected by somebody, who knows of these accusers. */
  doubted(entry: Entry, accusers: readonly NodeId[], now: Instant): void;
  /** A message came from the member at an address that was not verified for it. `from`: where it was verified before. */
  verified(entry: Entry, from: Address | undefined, now: Instant): void;
  /** Another node answers at its address; it is no longer in the roster. */
  replaced(entry: Entry): void;
  forgotten(entry: Entry, now: Instant): void;
  /** It may answer at this address too: by its own advertisement, or by news of its return. */
  elsewhere(entry: Entry, address: Address, now: Instant): void;
}
