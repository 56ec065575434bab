import type { Option, OptionValue } from './option.ts';
import type { Options, Usage, Values } from './usage.ts';

const columns = 112;

/** What the script is for, how it is called, and what each option takes. */
export function helpOf<Declared extends Options>({ command, about, examples = [], options }: Usage<Declared>): string {
  const shown = Object.entries(options).filter(([, { help }]) => help !== undefined);
  const calls: Row[] = [
    [shown.length === 0 ? command : `${command} [-- options]`, ''],
    ...examples.map(([given, meaning]): Row => [`${command} -- ${given}`, meaning]),
  ];
  const rows = shown.map(([name, option]): Row => [headOf(name, option), textOf(option)]);
  return [about, table(calls), table([...rows, ['--help, -h', 'shows this']])].join('\n\n') + '\n';
}

/** The command line that gives these options. */
export function commandOf<Declared extends Options>(
  { command, options }: Usage<Declared>,
  values: Partial<Values<Declared>>,
): string {
  const given = new Map<string, OptionValue>(Object.entries(values));
  const shown = Object.entries(options).filter(([, { help }]) => help !== undefined);
  const parts = shown.flatMap(([name]) => optionText(name, given.get(name)));
  return parts.length === 0 ? command : [`${command} --`, ...parts].join(' ');
}

type Row = readonly [head: string, text: string];

function headOf(name: string, { sign }: Option<OptionValue>): string {
  return sign === undefined ? `--${name}` : `--${name} ${sign}`;
}

function textOf({ help = '', sign, takes, shown }: Option<OptionValue>): string {
  if (sign === undefined) return help;
  return `${help} (${takes}${shown === undefined ? '' : `; default: ${shown}`})`;
}

/** Two columns; texts that are too long go on in lines of their own. */
function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([head]) => head.length)) + 5;
  const line = ([head, text]: Row): string =>
    `  ${head}`.padEnd(width) + folded(text, columns - width).join(`\n${' '.repeat(width)}`);
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

function folded(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

function optionText(name: string, value: OptionValue): string[] {
  if (value === undefined || value === false) return [];
  return [value === true ? `--${name}` : `--${name} ${shellText(String(value))}`];
}

/** As a shell reads it back. */
function shellText(text: string): string {
  return /^[\w./,:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
