import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { patched, patchesOf, type BrokenRule } from '@simpledht/mutations';
import { packagesPath, rootPath } from './run.ts';

/**
 * What the compiler has to say of patched sources: a rule that is broken by a slip of the pen shows nothing. Each patched
 * file stands beside its original under a name of its own, so that one program has all of them.
 */
export function typeProblems(rules: readonly BrokenRule[]): readonly string[] {
  const files = new Map(rules.flatMap((rule, index) => [...patchedFiles(rule, index)]));
  const configPath = join(rootPath, 'tsconfig.json');
  const config: unknown = ts.readConfigFile(configPath, readText).config;
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, rootPath);
  // What a patch no longer needs it may leave unused.
  const options = { ...parsed.options, noUnusedLocals: false, noUnusedParameters: false };
  const host = ts.createCompilerHost(options);
  const program = ts.createProgram([...files.keys()], options, {
    ...host,
    getSourceFile: (name, language) => {
      const text = files.get(name)?.text;
      return text === undefined ? host.getSourceFile(name, language) : ts.createSourceFile(name, text, language);
    },
    fileExists: (name) => files.has(name) || host.fileExists(name),
  });
  return [...files].flatMap(([name, { rule }]) => {
    const source = program.getSourceFile(name);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ messageText }) => `${rule}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
  });
}

function* patchedFiles(broken: BrokenRule, index: number): Generator<[name: string, { rule: string; text: string }]> {
  const texts = new Map<string, string>();
  for (const patch of patchesOf(broken)) {
    const text = texts.get(patch.file) ?? readText(join(packagesPath, patch.file));
    texts.set(patch.file, patched(text, patch));
  }
  for (const [file, text] of texts) {
    const name = join(packagesPath, file.replace(/\.ts$/, `.broken-${String(index)}.ts`));
    yield [name, { rule: broken.rule, text }];
  }
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
