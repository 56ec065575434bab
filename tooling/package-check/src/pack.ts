import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPackageFromTarballData } from '@arethetypeswrong/core';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { runOrThrow } from './run.ts';
import { parseManifest, publishedManifests, root, type Manifest } from './workspace.ts';

export interface PackedPackage {
  name: string;
  filename: string;
  bytes: Uint8Array;
  manifest: Manifest;
  /** Paths inside the package, such as `dist/index.js`. */
  files: string[];
  read: (path: string) => string;
}

declare module 'vitest' {
  interface ProvidedContext {
    tarballs: string[];
  }
}

const pnpm = join(root, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');

/** vitest's global setup: packs every published package as a release would (`workspace:` and `catalog:` become versions). */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'simpledht-pack-'));
  const filters = publishedManifests().flatMap(({ name }) => ['--filter', name]);
  const remove = async (): Promise<void> => rm(folder, { recursive: true, force: true });
  const pack = [pnpm, ...filters, 'pack', '--recursive', '--pack-destination', folder];
  await runOrThrow(process.execPath, pack, root).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  project.provide(
    'tarballs',
    (await readdir(folder)).map((file) => join(folder, file)),
  );
  return remove;
}

/** The packages that the global setup packed, opened. */
export async function packedPackages(): Promise<PackedPackage[]> {
  return Promise.all(inject('tarballs').map(open));
}

async function open(filename: string): Promise<PackedPackage> {
  const bytes = new Uint8Array(await readFile(filename));
  const content = createPackageFromTarballData(bytes);
  const name = content.packageName;
  const prefix = `/node_modules/${name}/`;
  const read = (path: string): string => content.readFile(prefix + path);
  const files = content.listFiles().map((file) => file.slice(prefix.length));
  return { name, filename, bytes, manifest: parseManifest(read('package.json')), files, read };
}
