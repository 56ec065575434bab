export interface LogLine {
  readonly atMs: number;
  /** `undefined`: of all. */
  readonly node: number | undefined;
  readonly kind: string;
  readonly text: string;
}

/** What happened in a run, for people. A run without one makes no texts. */
export class Log {
  readonly lines: LogLine[] = [];

  add(line: LogLine): void {
    this.lines.push(line);
  }

  /** The last lines that concern these nodes (all when none is named), those of the key before others. */
  last(count: number, nodes: readonly number[], key: string | undefined): string {
    const ofNodes = this.lines.filter(({ node }) => node === undefined || nodes.length === 0 || nodes.includes(node));
    const ofKey = ofNodes.filter(({ kind, text }) => key === undefined || kind !== 'store' || text.includes(`${key} `));
    return ofKey.slice(-count).map(format).join('\n');
  }
}

function format({ atMs, node, text }: LogLine): string {
  return `${(atMs / 1_000).toFixed(4).padStart(9)} s  ${node === undefined ? 'all   ' : `node ${String(node)}`}  ${text}`;
}
