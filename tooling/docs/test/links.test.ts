import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);

/** Every page of the repository that people read, by its path from the root. */
function pages(): string[] {
  const packages = ['packages', 'apps'].flatMap((folder) =>
    readdirSync(new URL(folder, root)).flatMap((name) => pagesIn(`${folder}/${name}/`, false)),
  );
  return [...pagesIn('', false), ...pagesIn('docs/', true), ...packages];
}

function pagesIn(folder: string, recursive: boolean): string[] {
  return readdirSync(new URL(folder, root), { encoding: 'utf8', recursive })
    .filter((path) => path.endsWith('.md'))
    .map((path) => folder + path);
}

/** Targets of Markdown links that are files of the repository. */
function fileLinks(text: string): string[] {
  const prose = text.replaceAll(/^```.*?^```/gms, '').replaceAll(/`[^`\n]*`/g, '');
  const inline = [...prose.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)];
  const references = [...prose.matchAll(/^\[[^\]]+\]:\s*<?([^\s>]+)/gm)];
  const targets = [...inline, ...references].map(([, target = '']) => target.replace(/#.*$/s, ''));
  return targets.filter((target) => target !== '' && !/^[a-z][a-z\d+.-]*:/i.test(target));
}

it('finds links of both forms, and none in code', () => {
  const text = 'A [b](c.md#d) [e](https://f.g) [h](#i) `[j](k)`\n\n[l]: m/n.md\n\n```\n[o](p)\n```\n![q](r.svg "s")\n';
  expect(fileLinks(text)).toEqual(['c.md', 'r.svg', 'm/n.md']);
});

it.each(pages())('the links in %s lead somewhere', (page) => {
  const here = new URL(page, root);
  const targets = fileLinks(readFileSync(here, 'utf8'));
  expect(targets.filter((target) => !existsSync(new URL(target, here)))).toEqual([]);
});
