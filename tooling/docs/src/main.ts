import { writeFileSync } from 'node:fs';
import { main } from '@simpledht/script-options';
import { generatedPages } from './generated.ts';
import { docFile } from './pages.ts';

const usage = {
  command: 'npm run docs',
  about: 'Makes docs/limits.md and docs/errors.md from the sources.',
  options: {},
} as const;

process.exitCode = await main(usage, () => {
  for (const [name, text] of generatedPages()) {
    writeFileSync(docFile(name), text);
    process.stdout.write(`docs/${name}\n`);
  }
  return true;
});
