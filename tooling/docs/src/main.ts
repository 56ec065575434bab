import { writeFileSync } from 'node:fs';
import { generatedPages } from './generated.ts';
import { docFile } from './pages.ts';

for (const [name, text] of generatedPages()) {
  writeFileSync(docFile(name), text);
  process.stdout.write(`docs/${name}\n`);
}
