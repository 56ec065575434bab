import type { BrokenRule } from '@simpledht/mutations';
import type { DrawOptions } from '../../src/plan/draw.ts';

export interface BrokenInClusters extends BrokenRule {
  /** Of which kind the runs are, when it shows too rarely among all. */
  readonly draw?: DrawOptions;
}
