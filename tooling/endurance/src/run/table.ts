export type Row = readonly (string | number)[];

/** Markdown, as it goes into the docs. */
export function table(heads: readonly string[], rows: readonly Row[]): string {
  const cells = [heads, heads.map(() => '---'), ...rows.map((row) => row.map(shown))];
  const widths = heads.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)));
  const line = (row: readonly string[], fill: string): string =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0, fill)).join(' | ')} |`;
  return cells.map((row, at) => line(row, at === 1 ? '-' : ' ')).join('\n');
}

function shown(cell: string | number): string {
  return typeof cell === 'number' ? cell.toLocaleString('en-US', { maximumFractionDigits: 2 }) : cell;
}
