import { posix } from 'node:path';
import type { Graph } from './cycles.ts';
import type { PackedPackage } from './pack.ts';

const relativeImport = /(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g;

/** Which built module loads which, by the relative imports and re-exports in the emitted JavaScript. */
export function moduleGraph({ files, read }: PackedPackage): Graph {
  const modules = files.filter((file) => file.startsWith('dist/') && file.endsWith('.js'));
  return new Map(
    modules.map((file) => [
      file,
      [...read(file).matchAll(relativeImport)].map(([, target]) => posix.join(posix.dirname(file), target ?? '')),
    ]),
  );
}
