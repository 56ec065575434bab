export { tryAll, type Verdict } from './campaign.ts';
export { copyTree, withCopy } from './copy.ts';
export { campaignOptions, chosen, examples } from './options.ts';
export { applyPatches, misfit, patched, patchesOf, type BrokenRule, type Patch } from './patch.ts';
