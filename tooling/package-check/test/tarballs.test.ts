import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { describe, expect, it } from 'vitest';
import { findCycle } from '../src/cycles.ts';
import { moduleGraph } from '../src/modules.ts';
import { packedPackages } from '../src/pack.ts';
import { resolutionProblems } from '../src/resolution.ts';
import { exportTargets, parseManifest, publishedManifests, root } from '../src/workspace.ts';

/** Packed bytes. Room for what is planned, small enough that a stray file shows; raise one only with a reason. */
const ceilings: Record<string, number> = {
  '@simpledht/wire': 120_000,
  '@simpledht/transport': 300_000,
  '@simpledht/transport-tcp': 90_000,
  '@simpledht/discovery-lan': 60_000,
  // UPnP's calls are written here.
  '@simpledht/nat': 55_000,
  '@simpledht/membership': 110_000,
  // Purging, catching up, repair and retirement, each with its own file; sources are shipped.
  '@simpledht/storage': 260_000,
  '@simpledht/storage-lmdb': 75_000,
  // Every verb, watches and namespaces.
  '@simpledht/node': 220_000,
  simpledht: 90_000,
};

/** Scripts that npm runs at a user's install. */
const installScripts = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'];

const packed = await packedPackages();
const rootManifest = parseManifest(readFileSync(join(root, 'package.json'), 'utf8'));

describe.each(packed)('$name', (pack) => {
  const { name, bytes, manifest, files } = pack;

  it('has a licence, a readme, and nothing but what it ships', () => {
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
    const strays = files.filter((file) => !/^(dist|src)\/|^(LICENSE|[A-Z]+\.md|package\.json)$/.test(file));
    expect(strays).toEqual([]);
  });

  it('runs nothing at install', () => {
    expect(Object.keys(manifest.scripts ?? {}).filter((script) => installScripts.includes(script))).toEqual([]);
    expect(files.filter((file) => /\.node$|binding\.gyp$/.test(file))).toEqual([]);
  });

  it('says what it is and where it runs', () => {
    expect(manifest).toMatchObject({ license: 'MIT', type: 'module', engines: rootManifest.engines });
  });

  it('names versions, not the workspace', () => {
    const ranges = Object.values({ ...manifest.dependencies, ...manifest.peerDependencies });
    expect(ranges.filter((range) => !/^[\^~]?\d+\.\d+\.\d+$/.test(range))).toEqual([]);
  });

  it('exports files that were built, and only dist', () => {
    const targets = [...exportTargets(manifest.exports), ...Object.values(manifest.bin ?? {})];
    expect(targets).not.toEqual([]);
    const paths = targets.map((target) => target.replace(/^\.\//, ''));
    expect(paths.filter((path) => !files.includes(path))).toEqual([]);
    expect(paths.filter((path) => !path.startsWith('dist/') && path !== 'package.json')).toEqual([]);
  });

  it('ships the sources that its source maps point at', () => {
    const maps = files.filter((file) => file.endsWith('.map'));
    const sources = maps.flatMap((file) =>
      (JSON.parse(pack.read(file)) as { sources: string[] }).sources.map((source) =>
        new URL(source, `file:///${file}`).pathname.slice(1),
      ),
    );
    expect(sources.filter((source) => !files.includes(source))).toEqual([]);
  });

  it('has no cycle among its modules', () => {
    expect(findCycle(moduleGraph(pack))).toBeUndefined();
  });

  it('stays under its size', () => {
    expect(bytes.byteLength).toBeLessThan(ceilings[name] ?? 0);
  });

  it('is clean for publint', async () => {
    const { messages, pkg } = await publint({ pack: { tarball: bytes.slice().buffer }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  // A package that has only a command has no types to be wrong.
  if (manifest.exports !== undefined) {
    it('resolves with its types wherever ESM does', async () => {
      expect(await resolutionProblems(bytes)).toEqual([]);
    });
  }
});

describe('all packages together', () => {
  it('are those that the workspace publishes', () => {
    expect(packed.map(({ name }) => name).toSorted()).toEqual(Object.keys(ceilings).toSorted());
  });

  it('share one version', () => {
    expect(new Set(publishedManifests().map(({ version }) => version)).size).toBe(1);
  });

  it('have no cycle among them', () => {
    const graph = new Map(packed.map(({ name, manifest }) => [name, Object.keys(manifest.dependencies ?? {})]));
    expect(findCycle(graph)).toBeUndefined();
  });
});
