/** What users write, in the smallest form that proves something. */
import type { PackedPackage } from './pack.ts';
import { exportTargets } from './workspace.ts';

/** `@simpledht/node`, `@simpledht/node/testing`, …: all that a program may import. */
export function entryPoints(packed: readonly PackedPackage[]): string[] {
  return packed.flatMap(({ name, manifest: { exports = {} } }) =>
    Object.keys(exports)
      .filter((path) => exportTargets(exports[path]).some((target) => target.endsWith('.js')))
      .map((path) => name + path.slice(1)),
  );
}

/** A module that mentions every declaration of every package, so that a type checker has to resolve all of them. */
export function everyType(packed: readonly PackedPackage[]): string {
  return entryPoints(packed)
    .map((entry, index) => `import * as module${index} from '${entry}';\nexport const used${index} = module${index};\n`)
    .join('');
}

export const twoNodes = `import { DHTNode } from '@simpledht/node';

const host = '127.0.0.1';
const first = new DHTNode({ host, port: 0 });
await first.start();
const second = new DHTNode({ host, port: 0, bootstrap: [first.address] });
await second.start();
await second.ready();
await first.put('user:1', { name: 'Ada' }, { acks: 'all' });
console.log(JSON.stringify(await second.get('user:1')));
await second.stop();
await first.stop();
`;

export const keptData = `import { createNode } from '@simpledht/node';
import { lmdbStore } from '@simpledht/storage-lmdb';

const options = { host: '127.0.0.1', port: 0 };
const first = await createNode({ ...options, store: lmdbStore({ path: 'data' }) });
await first.put('key', 'kept');
await first.stop();
const again = await createNode({ ...options, store: lmdbStore({ path: 'data' }) });
console.log(again.id === first.id ? again.getSync('key') : 'another node');
await again.stop();
`;
