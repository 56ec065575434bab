import { errorsPage } from './errors.ts';
import { limitsPage } from './limits.ts';

/** Pages of docs/ that are made from the sources, by file name. */
export function generatedPages(): ReadonlyMap<string, string> {
  return new Map([
    ['limits.md', limitsPage()],
    ['errors.md', errorsPage()],
  ]);
}
