export type { RequestOptions, Transport, TransportEvent, TransportHandlers } from './transport.ts';
export type { DatagramHandlers, DatagramSocket } from './datagram-socket.ts';
export { systemClock } from './clock.ts';
export type { Clock, TimerHandle } from './clock.ts';
export { seededRandom, systemRandom } from './random.ts';
export type { Random } from './random.ts';
export { silentLogger } from './logger.ts';
export type { Logger } from './logger.ts';
