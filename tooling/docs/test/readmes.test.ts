import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);
const readmes = [
  'README.md',
  'packages/node/README.md',
  'packages/storage-lmdb/README.md',
  'packages/transport-tcp/README.md',
  'packages/discovery-lan/README.md',
  'packages/nat/README.md',
];

/** Every block of TypeScript in a page, as a module that stands in a package in which its imports resolve. */
function blocks(readme: string): ReadonlyMap<string, string> {
  const folder = readme.startsWith('packages/') ? dirname(readme) : 'packages/node';
  const name = readme.replaceAll('/', '-').replace('.md', '').toLowerCase();
  const text = readFileSync(new URL(readme, root), 'utf8');
  const found = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = '']) => `${code}\nexport {};\n`);
  return new Map(
    found.map((code, index) => [fileURLToPath(new URL(`${folder}/${name}-${String(index)}.ts`, root)), code]),
  );
}

const programs = new Map(readmes.map((readme) => [readme, blocks(readme)]));
/** Packages without types of their own are declared beside who uses them, where a program that only imports does not look. */
const ambient = ['packages/discovery-lan/src/multicast-dns.d.ts'].map((path) => fileURLToPath(new URL(path, root)));

/** All programs at once, as the compiler reads all types anew each time: what is wrong, with the file that it is in. */
function compile(): { readonly file: string; readonly message: string }[] {
  const files = new Map([...programs.values()].flatMap((found) => [...found]));
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    // `await using` of the examples: its types, which Node.js has at run time.
    lib: ['lib.es2023.d.ts', 'lib.es2024.string.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    customConditions: ['@simpledht/source'],
    typeRoots: [fileURLToPath(new URL('node_modules/@types', root))],
  };
  const host = ts.createCompilerHost(options);
  const readFile = host.readFile.bind(host);
  const fileExists = host.fileExists.bind(host);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  host.fileExists = (name) => files.has(name) || fileExists(name);
  const program = ts.createProgram([...files.keys(), ...ambient], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText, file, start }) => {
    const line = file === undefined || start === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1;
    const message = `${file?.fileName ?? ''}:${String(line)} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    return { file: file?.fileName ?? '', message };
  });
}

const problems = compile();

it.each(readmes)('the programs in %s compile', (readme) => {
  const files = programs.get(readme);
  expect(files?.size).toBeGreaterThan(0);
  expect(problems.filter(({ file }) => files?.has(file))).toEqual([]);
});

it('nothing else is wrong with what they import', () => {
  const own = new Set([...programs.values()].flatMap((files) => [...files.keys()]));
  expect(problems.filter(({ file }) => !own.has(file))).toEqual([]);
});
