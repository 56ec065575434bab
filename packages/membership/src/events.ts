import type {
  Address,
  MemberUpdate,
  MembershipDatagram,
  MembershipReply,
  MembershipRequest,
  NodeId,
} from '@simpledht/wire';
import type { Member } from './member.ts';

/** A member as an earlier life of this process knew it. */
export interface RecalledMember extends MemberUpdate {
  /** Since when it is in that state, on this life's monotonic clock; counts for the dead and the left. Default now. */
  readonly since?: number;
}

/** What the shell tells the core. */
export type MembershipEvent =
  /** Bootstrap: find the cluster through this name. Attempts with backoff, then in the background for ever. */
  | { readonly type: 'join'; readonly name: string }
  /** Try that name no more, and tell nothing of it: it was no name of the user's. */
  | { readonly type: 'unjoin'; readonly name: string }
  /** Outcome of the effect `resolve`. */
  | { readonly type: 'resolved'; readonly name: string; readonly addresses: readonly Address[] }
  | { readonly type: 'unresolved'; readonly name: string; readonly reason: string }
  /** `from` is the address of a validated path: the sender can receive there. */
  | { readonly type: 'datagram'; readonly from: Address; readonly message: MembershipDatagram }
  /** Answered with the effect `reply` of the same `exchange`, a number of the shell's choice. */
  | {
      readonly type: 'request';
      readonly from: Address;
      readonly message: MembershipRequest;
      readonly exchange: number;
    }
  /** Outcome of the effect `request` with that `exchange`: exactly one of the two. */
  | { readonly type: 'answered'; readonly exchange: number; readonly message: MembershipReply }
  | { readonly type: 'failed'; readonly exchange: number; readonly reason: string }
  /** Members known from an earlier life of this process: dialled like the dead, told to nobody before they answer. */
  | { readonly type: 'recall'; readonly members: readonly RecalledMember[] }
  /** A dead member will not come back: it is told to all that it has left. Nothing happens when it lives or is not known. */
  | { readonly type: 'forget'; readonly id: NodeId }
  /** Where others are to reach this node from now on, once it has answered there; '' where its messages come from. */
  | { readonly type: 'advertise'; readonly address: Address }
  /** Hints of the transport; they hasten a probe and decide nothing. */
  | { readonly type: 'link-restarted'; readonly address: Address }
  | { readonly type: 'link-down'; readonly address: Address }
  /** The moment told by `deadline()` has come. Early and late ticks do no harm. */
  | { readonly type: 'tick' }
  /** Say goodbye. Nothing but the goodbyes happens afterwards. */
  | { readonly type: 'leave' };

/** What the core asks of the shell. */
export type MembershipEffect =
  | { readonly type: 'send'; readonly to: Address; readonly message: MembershipDatagram }
  /** Answered by the event `answered` or `failed` with the same `exchange`. */
  | {
      readonly type: 'request';
      readonly to: Address;
      readonly message: MembershipRequest;
      readonly exchange: number;
      readonly timeoutMs: number;
    }
  | { readonly type: 'reply'; readonly exchange: number; readonly message: MembershipReply }
  /** Answered by the event `resolved` or `unresolved` with the same name. */
  | { readonly type: 'resolve'; readonly name: string }
  | { readonly type: 'notice'; readonly notice: MembershipNotice };

/** What a program or a person may want to know. */
export type MembershipNotice =
  | { readonly type: 'peer-joined'; readonly member: Member }
  | { readonly type: 'peer-suspect'; readonly member: Member }
  /** The suspicion was refuted. */
  | { readonly type: 'peer-alive'; readonly member: Member }
  /**
   * `replaced`: another node answers at its address, and it is forgotten. The dead and the left stay in the roster. One
   * that was told dead before is told left when it was dismissed (`forget`).
   */
  | { readonly type: 'peer-left'; readonly member: Member; readonly reason: 'dead' | 'left' | 'replaced' }
  /** Its messages come from another address than before. */
  | { readonly type: 'peer-moved'; readonly member: Member; readonly from: Address }
  /** They come from two addresses by turns: two processes use its id, or its host has two ways out. At most once a minute. */
  | { readonly type: 'peer-duplicated'; readonly member: Member; readonly other: Address }
  /** A new process with its id answers at its address: it was restarted with its data. */
  | { readonly type: 'peer-restarted'; readonly member: Member }
  /** A dead or left one is remembered no longer: its time was over, or somebody else needed its place or its address. */
  | { readonly type: 'peer-forgotten'; readonly member: Member }
  /** Everyone told by `recall` was dialled once, and has answered or not. */
  | { readonly type: 'recalled' }
  /** Attempt `attempt` failed, another follows. */
  | {
      readonly type: 'bootstrap-retry';
      readonly name: string;
      readonly attempt: number;
      readonly of: number;
      readonly reason: string;
    }
  /** The last attempt failed; the name is tried on in the background. */
  | { readonly type: 'bootstrap-failed'; readonly name: string; readonly reason: string }
  | { readonly type: 'bootstrapped'; readonly name: string; readonly via: NodeId }
  /** A peer sees this node at an address that nobody has told before. */
  | { readonly type: 'observed-address'; readonly address: Address; readonly by: NodeId }
  /** The name leads to this very node. */
  | { readonly type: 'self-bootstrap'; readonly name: string }
  /** Another process uses this node's id. At most once a minute. `address` is '' when only hearsay tells of it. */
  | { readonly type: 'identity-conflict'; readonly address: Address; readonly incarnation: number };
