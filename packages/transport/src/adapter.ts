/** Parts for who writes a Transport over IP: addresses as the others write them, and what every transport needs. */
export { bindError, bindIp, familyOf, machineAddresses } from './udp/binding.ts';
export { canReach, isLoopbackIp, normalIp, unmapped } from './udp/ip.ts';
export type { IpFamily } from './udp/ip.ts';
export { resolveName } from './udp/resolve.ts';
export { DelegatingSocket } from './delegating-socket.ts';
export { DeadlineQueue } from './deadline-queue.ts';
export type { Deadline } from './deadline-queue.ts';
export { limitReached, tooLarge, transportClosed } from './endpoint/errors.ts';
export { KnownInstances } from './endpoint/known-instances.ts';
export { replyOnce } from './endpoint/reply-once.ts';
export { Owner } from './endpoint/owner.ts';
export { TurnTimer } from './endpoint/turn-timer.ts';
export { plainSealer } from './plain-sealer.ts';
export { PendingRequest, PendingRequests } from './pending-requests.ts';
export { Queue } from './link/queue.ts';
