import { readFile } from 'node:fs/promises';
import { Failure } from './errors.ts';
import { exitCodes } from './exit-codes.ts';

/** No secret file is longer: eight secrets with a few words about each. */
const maxFileBytes = 65_536;

/**
 * The secrets of a file: one a line, the first one is dialled with first; empty lines and lines that begin with # are
 * skipped. Without a file those of SIMPLEDHT_SECRET, with commas between them; `undefined` when there are none.
 */
export async function readSecrets(file: string | undefined): Promise<readonly string[] | undefined> {
  if (file === undefined) {
    const given = process.env['SIMPLEDHT_SECRET'];
    return given === undefined || given === '' ? undefined : listed(given.split(','));
  }
  const secrets = listed((await contentOf(file)).split('\n'));
  if (secrets.length > 0) return secrets;
  throw new Failure('ERR_INVALID_OPTION', exitCodes.usage, `There is no secret in ${file}`, [
    `This writes one: simpledht keygen --out ${file} --add`,
  ]);
}

function listed(lines: readonly string[]): string[] {
  return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
}

async function contentOf(file: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    if (bytes.length <= maxFileBytes) return bytes.toString('utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure('ERR_INVALID_OPTION', exitCodes.usage, `The secret file cannot be read: ${reason}`, [
      `This makes one: simpledht keygen --out ${file}`,
    ]);
  }
  throw new Failure('ERR_INVALID_OPTION', exitCodes.usage, `${file} is too long for a secret file`);
}
