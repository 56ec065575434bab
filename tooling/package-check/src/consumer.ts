import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PackedPackage } from './pack.ts';
import { run, runOrThrow, type Outcome } from './run.ts';
import { root } from './workspace.ts';

/** An empty folder of somebody who has never seen this repository, with the packed tarballs installed by npm. */
export interface Consumer {
  folder: string;
  node: (...args: string[]) => Promise<Outcome>;
  /** Runs a command that the packages installed. */
  command: (name: string, ...args: string[]) => Promise<Outcome>;
  /** Compiles every TypeScript file of one folder into another, strictly and without skipping declarations. */
  compile: (from: string, to: string) => Promise<Outcome>;
  /** Removes the folder. */
  remove: () => Promise<void>;
}

const compilerOptions = {
  strict: true,
  target: 'es2023',
  module: 'nodenext',
  types: ['node'],
  rewriteRelativeImportExtensions: true,
};

/**
 * Packages that a user may do without: native code behind them. Named as optional, so that `--omit=optional` leaves them
 * out instead of compiling them.
 */
export const optionalPackages: readonly string[] = ['@simpledht/storage-lmdb'];

export async function installConsumer(packed: readonly PackedPackage[], npmFlags: string[]): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), 'simpledht-consumer-'));
  const node = async (...args: string[]): Promise<Outcome> => run(process.execPath, args, folder);
  const [optional, needed] = [true, false].map((wanted) =>
    packed.filter(({ name }) => optionalPackages.includes(name) === wanted),
  );
  const optionalDependencies = Object.fromEntries(
    (optional ?? []).map(({ name, filename }) => [name, `file:${filename}`]),
  );
  const manifest = { name: 'consumer', private: true, type: 'module', optionalDependencies };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  const npm = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', ...npmFlags];
  await runOrThrow('npm', [...npm, ...(needed ?? []).map(({ filename }) => filename)], folder);

  return {
    folder,
    node,
    command: async (name, ...args) => run(join(folder, 'node_modules', '.bin', name), args, folder),
    compile: async (from, to) => {
      await linkNodeTypes(folder);
      const project = { compilerOptions: { ...compilerOptions, rootDir: from, outDir: to }, include: [from] };
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(project));
      return node(join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.');
    },
    remove: async () => rm(folder, { recursive: true, force: true }),
  };
}

/** The one thing that a TypeScript user of Node.js has besides; taken from this workspace to spare a download. */
async function linkNodeTypes(folder: string): Promise<void> {
  const types = join(folder, 'node_modules', '@types');
  await mkdir(types, { recursive: true });
  await symlink(join(root, 'node_modules', '@types', 'node'), join(types, 'node'), 'junction');
}
