import type { Target } from '../target.ts';
import { keptTargets } from './kept.ts';
import { packetTargets } from './packets.ts';
import { routerTargets } from './routers.ts';
import { textTargets } from './texts.ts';
import { wireTargets } from './wire.ts';

export const targets: readonly Target[] = [
  ...wireTargets,
  ...packetTargets,
  ...keptTargets,
  ...textTargets,
  ...routerTargets,
];
