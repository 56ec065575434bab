import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

export const root: string = fileURLToPath(new URL('../../..', import.meta.url));

// Rules that need types would need a file on disk per snippet and seconds of compiling; the house's own rules need neither.
const eslint = new ESLint({
  cwd: root,
  overrideConfig: [{ ...tseslint.configs.disableTypeChecked, files: ['**/*.ts'] }],
});

export interface Finding {
  rule: string | null;
  message: string;
}

/** Lints `code` as if it stood in `filePath` (relative to the repository), without touching the disk. */
export async function lint(filePath: string, code: string): Promise<Finding[]> {
  const [result] = await eslint.lintText(code, { filePath: `${root}${filePath}` });
  return (result?.messages ?? []).map(({ ruleId, message }) => ({ rule: ruleId, message }));
}
