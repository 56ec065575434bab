// Says in each published package where its sources are, as npm's provenance asks: run by the release, in the workflow that
// knows the repository's address. The tree does not hold it, so that a fork publishes its own.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
if (!server || !name)
  throw new Error(
    'GITHUB_SERVER_URL and GITHUB_REPOSITORY are not set: packages are published by the release workflow only',
  );
const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url));
const home = `${server}/${name}`;

for (const directory of ['packages', 'apps'].flatMap(foldersOf)) {
  const file = join(root, directory, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  if (manifest.private) continue;
  manifest.homepage = `${home}/tree/main/${directory}#readme`;
  manifest.bugs = `${home}/issues`;
  manifest.repository = { type: 'git', url: `git+${home}.git`, directory };
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
}

function foldersOf(folder) {
  if (!existsSync(join(root, folder))) return [];
  const names = readdirSync(join(root, folder)).map((entry) => `${folder}/${entry}`);
  return names.filter((each) => existsSync(join(root, each, 'package.json')));
}
