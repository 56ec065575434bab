import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Patch {
  readonly file: string;
  readonly search: string;
  readonly replacement: string;
}

/** One rule, and the patch of the sources that breaks it. */
export interface BrokenRule {
  readonly rule: string;
  /** None when no patch is needed to break the rule. */
  readonly file?: string;
  readonly search?: string;
  readonly replacement?: string;
  /** Further patches without which the first would not run, or would not break the rule. */
  readonly also?: readonly Patch[];
  /** Fast enough for every run of the tests. */
  readonly quick?: boolean;
}

export function patchesOf({ file, search = '', replacement = '', also = [] }: BrokenRule): readonly Patch[] {
  return file === undefined ? [] : [{ file, search, replacement }, ...also];
}

/** The source with the patch. Throws when the text is not in it exactly once: then the list of rules is out of date. */
export function patched(source: string, { file, search, replacement }: Patch): string {
  const parts = source.split(search);
  if (parts.length !== 2) throw new Error(`${file} has ${String(parts.length - 1)} times: ${search}`);
  return parts.join(replacement);
}

/** Which patch of a rule does not fit the sources under a folder any more; `undefined` when all do. */
export async function misfit(folder: string, rule: BrokenRule): Promise<string | undefined> {
  const sources = new Map<string, string>();
  for (const patch of patchesOf(rule)) {
    const source = sources.get(patch.file) ?? (await readFile(join(folder, patch.file), 'utf8').catch(() => ''));
    try {
      sources.set(patch.file, patched(source, patch));
    } catch (error) {
      return `${rule.rule}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return undefined;
}

export async function applyPatches(folder: string, patches: readonly Patch[]): Promise<void> {
  for (const patch of patches) {
    const path = join(folder, patch.file);
    await writeFile(path, patched(await readFile(path, 'utf8'), patch));
  }
}
