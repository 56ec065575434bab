import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('../../..', import.meta.url));

/** The part of a package.json that the checks look at. */
export interface Manifest {
  name: string;
  version: string;
  private?: boolean;
  license?: string;
  type?: string;
  engines?: Record<string, string>;
  exports?: Record<string, unknown>;
  bin?: Record<string, string>;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

export function parseManifest(text: string): Manifest {
  return JSON.parse(text) as Manifest;
}

/** Manifests of everything under packages/ and apps/ that is not private. */
export function publishedManifests(): Manifest[] {
  return ['packages', 'apps']
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(root, parent, name, 'package.json')))
    .filter((file) => existsSync(file))
    .map((file) => parseManifest(readFileSync(file, 'utf8')))
    .filter((manifest) => manifest.private !== true);
}

/** Every string under `exports`, each a path inside the package; `null` targets and conditions are walked through. */
export function exportTargets(exports: unknown): string[] {
  if (typeof exports === 'string') return [exports];
  if (typeof exports !== 'object' || exports === null) return [];
  return Object.values(exports).flatMap(exportTargets);
}
