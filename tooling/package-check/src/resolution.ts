import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';

/** attw's profile `esm-only`: how CommonJS and the resolution of old compilers see an ESM package is known and not news. */
export async function resolutionProblems(bytes: Uint8Array): Promise<unknown[]> {
  const result = await checkPackage(createPackageFromTarballData(bytes));
  if (result.types === false) return ['no types'];
  const ignored = ['node10', 'node16-cjs'];
  return result.problems.filter(
    (problem) => !('resolutionKind' in problem && ignored.includes(problem.resolutionKind)),
  );
}
