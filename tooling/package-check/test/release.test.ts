import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, type TestContext } from 'vitest';
import { publishedManifests, root } from '../src/workspace.ts';

const script = join(root, 'tooling', 'repository.mjs');

describe('the release', () => {
  it('gives all published packages one version', () => {
    const { fixed } = JSON.parse(readFileSync(join(root, '.changeset', 'config.json'), 'utf8')) as {
      fixed: string[][];
    };
    expect(fixed.map((group) => group.toSorted())).toEqual([
      publishedManifests()
        .map(({ name }) => name)
        .sort(),
    ]);
  });

  it('says in each published package where its sources are', async (context) => {
    const folder = workspace(context);
    const env = {
      ...process.env,
      GITHUB_SERVER_URL: 'https://git.example.org',
      GITHUB_REPOSITORY: 'somebody/some-map',
    };
    await promisify(execFile)(process.execPath, [script, folder], { env });
    expect(manifestOf(folder, 'packages/open')).toEqual({
      name: 'open',
      homepage: 'https://git.example.org/somebody/some-map/tree/main/packages/open#readme',
      bugs: 'https://git.example.org/somebody/some-map/issues',
      repository: { type: 'git', url: 'git+https://git.example.org/somebody/some-map.git', directory: 'packages/open' },
    });
    expect(manifestOf(folder, 'apps/own')).toEqual({ name: 'own', private: true });
  });

  it('is refused where nobody says which repository it is', async (context) => {
    const env = { ...process.env, GITHUB_SERVER_URL: '', GITHUB_REPOSITORY: '' };
    const run = promisify(execFile)(process.execPath, [script, workspace(context)], { env });
    await expect(run).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('GITHUB_REPOSITORY') as string,
    });
  });
});

function workspace({ onTestFinished }: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'simpledht-release-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const manifests = { 'packages/open': { name: 'open' }, 'apps/own': { name: 'own', private: true } };
  for (const [place, manifest] of Object.entries(manifests)) {
    mkdirSync(join(folder, place), { recursive: true });
    writeFileSync(join(folder, place, 'package.json'), JSON.stringify(manifest));
  }
  return folder;
}

function manifestOf(folder: string, place: string): unknown {
  return JSON.parse(readFileSync(join(folder, place, 'package.json'), 'utf8'));
}
