export { Membership } from './membership.ts';
export type { MembershipOptions } from './membership.ts';
export type { MembershipEffect, MembershipEvent, MembershipNotice, RecalledMember } from './events.ts';
export type { Member } from './member.ts';
export type { RandomSource } from './chance.ts';
export {
  confirmationsNeeded,
  contactSpreadMs,
  exchangePauseMs,
  presets,
  reunionPauseMs,
  suspicionMs,
  suspicionTimeoutMs,
  transmitLimit,
} from './settings.ts';
export type { MembershipPreset, MembershipSettings } from './settings.ts';
