import { literalDocs } from './doc-comments.ts';
import { packageFile, table } from './pages.ts';

const intro = `# Errors

Every error that SimpleDHT throws is a \`SimpleDHTError\` with a stable \`code\`. \`SimpleDHTError.is(error, code?)\`
recognises it across several installed copies; \`cause\` holds what was underneath. An aborted call rejects with its
signal's reason. This page is made from the sources by \`npm run docs\`.`;

/** The page of every error code: when it comes, and whether the map was changed. */
export function errorsPage(): string {
  const codes = literalDocs(packageFile('wire/src/errors.ts'), 'ErrorCode');
  const rows = [...codes].map(([code, text]) => {
    const sentences = text.split(/(?<=\.) /);
    return [`\`${code}\``, sentences.slice(0, -1).join(' '), sentences.at(-1) ?? ''];
  });
  return `${intro}\n\n${table(['Code', 'When', 'Was the map changed?'], rows)}\n`;
}
