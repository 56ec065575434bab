const root = new URL('../../../', import.meta.url);

export function packageFile(path: string): URL {
  return new URL(`packages/${path}`, root);
}

export function docFile(name: string): URL {
  return new URL(`docs/${name}`, root);
}

/** A Markdown table without padding: a changed cell changes one line. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
