export { datagramSocketSuite } from './datagram-socket-suite.ts';
export type { DatagramSocketSuiteOptions } from './datagram-socket-suite.ts';
export { discoverySuite } from './discovery-suite.ts';
export type { DiscoverySuiteOptions } from './discovery-suite.ts';
export type { SuiteRunner } from './suite.ts';
export { transportSuite } from './transport-suite.ts';
export type { TransportSuiteOptions } from './transport-suite.ts';
