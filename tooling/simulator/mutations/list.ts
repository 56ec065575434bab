import type { BrokenInClusters } from './rules/broken-in-clusters.ts';
import { ofMembership } from './rules/membership.ts';
import { ofNode } from './rules/node.ts';
import { ofStorage } from './rules/storage.ts';
import { ofTransport } from './rules/transport.ts';

/**
 * One rule each, whose breach clusters of whole nodes show. Left out are those that another mechanism makes up for, and
 * those that only the simulation of one layer reaches: docs/reliability.md names them.
 */
export const mutations: readonly BrokenInClusters[] = [...ofStorage, ...ofTransport, ...ofMembership, ...ofNode];
