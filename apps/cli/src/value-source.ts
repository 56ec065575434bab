import { Failure } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { count, fromJson, toText } from './values.ts';

/** Where the value of a put comes from and what it is. */
export interface ValueOptions {
  readonly file?: string;
  readonly text: boolean;
  readonly jsonValue: boolean;
}

/** The value that the arguments describe. */
export async function valueOf(argument: string | undefined, options: ValueOptions): Promise<unknown> {
  const { file, text, jsonValue } = options;
  if (argument !== undefined && file !== undefined) throw usage('Give VALUE or --file, not both');
  if (argument !== undefined) return jsonValue ? parse(argument) : argument;
  if (file === undefined) throw usage('A value is missing: give VALUE or --file');
  const bytes = await read(file);
  if (jsonValue) return parse(utf8(bytes));
  return text ? utf8(bytes) : bytes;
}

/** The value for the sentence that says what was stored: as it was given, long contents of files as their size. */
export function shownValue(value: unknown, { file }: ValueOptions): string {
  if (file === undefined) return toText(value);
  const source = file === '-' ? 'standard input' : file;
  const size = value instanceof Uint8Array ? ` (${count(value.length, 'byte')})` : '';
  return `the content of ${source}${size}`;
}

async function read(file: string): Promise<Uint8Array> {
  if (file === '-') {
    const { buffer } = await import('node:stream/consumers');
    return new Uint8Array(await buffer(process.stdin));
  }
  const { readFile } = await import('node:fs/promises');
  return new Uint8Array(await readFile(file));
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw usage('The content is not UTF-8 text; without --text it is stored as bytes');
  }
}

function parse(json: string): unknown {
  try {
    return fromJson(JSON.parse(json));
  } catch (error) {
    throw usage(`The value is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function usage(message: string): Failure {
  return new Failure('ERR_USAGE', exitCodes.usage, message);
}
