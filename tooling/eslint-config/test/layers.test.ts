import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { layers } from '../layers.js';
import { lint, root } from './lint.ts';

const importing = (name: string): string => `import * as other from '${name}';\nexport const used: unknown = other;\n`;

async function reasons(filePath: string, name: string): Promise<string[]> {
  const findings = await lint(filePath, importing(name));
  return findings.filter(({ rule }) => rule === 'no-restricted-imports').map(({ message }) => message);
}

describe('imports go one way', () => {
  it.each([
    ['packages/wire/src/x.ts', '@simpledht/transport', 'lowest layer'],
    ['packages/wire/test/x.test.ts', '@simpledht/storage', 'lowest layer'],
    ['packages/storage/test/x.test.ts', '@simpledht/script-options', 'never import each other'],
    ['packages/transport/src/x.ts', '@simpledht/membership', 'never import each other'],
    ['packages/transport/src/link/x.ts', '@simpledht/storage', 'never import each other'],
    ['packages/membership/src/x.ts', '@simpledht/transport', 'never import each other'],
    ['packages/storage/src/deep/x.ts', '@simpledht/transport/compliance', 'never import each other'],
    ['packages/storage/src/x.ts', '@simpledht/node', 'never import each other'],
    ['packages/storage/src/x.ts', '@simpledht/storage-lmdb', 'never import each other'],
    ['packages/storage-lmdb/src/x.ts', '@simpledht/node', 'the facade does not know it'],
    ['packages/node/src/x.ts', '@simpledht/storage-lmdb', 'joins the cores'],
    ['packages/transport-tcp/src/x.ts', '@simpledht/node', 'the facade does not know it'],
    ['packages/node/src/x.ts', '@simpledht/transport-tcp', 'joins the cores'],
    ['packages/discovery-lan/src/x.ts', '@simpledht/node', 'the facade does not know it'],
    ['packages/node/src/x.ts', '@simpledht/discovery-lan', 'joins the cores'],
    ['packages/nat/src/x.ts', '@simpledht/node', 'not with nodes'],
    ['packages/node/src/x.ts', '@simpledht/nat', 'joins the cores'],
    ['packages/node/src/x.ts', 'simpledht', 'nothing imports apps'],
    ['packages/node/src/x.ts', '@simpledht/bench', 'tools stay outside'],
    ['apps/cli/src/x.ts', '@simpledht/wire', 'through @simpledht/node'],
    ['apps/cli/src/x.ts', '@simpledht/transport', 'through @simpledht/node'],
    ['apps/examples/src/basic-usage.ts', '@simpledht/storage', 'only where the example swaps a layer'],
    ['apps/examples/src/own-store.ts', '@simpledht/transport', 'only where the example swaps a layer'],
    ['apps/examples/src/own-transport.ts', '@simpledht/storage', 'only where the example swaps a layer'],
  ])('%s must not import %s', async (filePath, name, reason) => {
    expect(await reasons(filePath, name)).toEqual([expect.stringContaining(reason)]);
  });

  it.each([
    ['packages/transport/src/x.ts', '@simpledht/wire'],
    ['packages/membership/src/x.ts', '@simpledht/wire'],
    ['packages/storage/test/x.test.ts', '@simpledht/storage/compliance'],
    ['packages/storage/test/simulation/main.ts', '@simpledht/script-options'],
    ['packages/node/src/x.ts', '@simpledht/transport'],
    ['packages/node/src/x.ts', '@simpledht/membership'],
    ['packages/node/src/x.ts', 'node:os'],
    ['packages/storage-lmdb/src/x.ts', '@simpledht/storage'],
    ['packages/storage-lmdb/test/x.test.ts', '@simpledht/node'],
    ['apps/cli/src/x.ts', '@simpledht/node'],
    ['packages/transport-tcp/src/x.ts', '@simpledht/transport'],
    ['packages/transport-tcp/test/x.test.ts', '@simpledht/node'],
    ['packages/nat/src/x.ts', '@simpledht/transport'],
    ['apps/cli/src/x.ts', '@simpledht/nat'],
    ['apps/cli/src/x.ts', '@simpledht/storage-lmdb'],
    ['apps/cli/src/x.ts', '@simpledht/transport-tcp'],
    ['packages/discovery-lan/src/x.ts', '@simpledht/transport'],
    ['packages/discovery-lan/test/x.test.ts', '@simpledht/node'],
    ['apps/cli/src/x.ts', '@simpledht/discovery-lan'],
    ['apps/cli/test/x.test.ts', '@simpledht/node/testing'],
    ['apps/examples/src/own-store.ts', '@simpledht/storage'],
    ['apps/examples/src/own-store/main.ts', '@simpledht/storage'],
    ['apps/examples/src/own-transport.ts', '@simpledht/transport'],
  ])('%s may import %s', async (filePath, name) => {
    expect(await reasons(filePath, name)).toEqual([]);
  });

  it('a type is an import too', async () => {
    const findings = await lint(
      'packages/membership/src/x.ts',
      "import type { Clock } from '@simpledht/transport';\nexport type Time = Clock;\n",
    );
    expect(findings).toContainEqual({
      rule: 'no-restricted-imports',
      message: expect.stringContaining('never import each other') as string,
    });
  });

  it('every package and app says where it stands', () => {
    const folders = ['packages', 'apps'].flatMap((parent) =>
      readdirSync(`${root}${parent}`, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => `${parent}/${name}`),
    );
    expect(layers.map(({ folder }) => folder).toSorted()).toEqual(folders.toSorted());
  });
});
