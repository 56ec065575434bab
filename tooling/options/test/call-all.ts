import { pathToFileURL } from 'node:url';

/** What a script did with a command line. */
export interface Answer {
  readonly file: string;
  readonly option: string;
  readonly code: unknown;
  readonly out: string;
  readonly err: string;
}

/*
 * Forked, with the files of scripts: calls each for its help and with wrong options, all in one process, which loads what they
 * share only once. A process for each would take longer than all other tests of this folder.
 */

let [out, err] = ['', ''];
process.stdout.write = (text) => {
  out += String(text);
  return true;
};
process.stderr.write = (text) => {
  err += String(text);
  return true;
};

const [node = ''] = process.argv;
for (const file of process.argv.slice(2))
  for (const option of ['--help', '--nonsense']) process.send?.(await answerTo(file, option));
process.disconnect();

async function answerTo(file: string, option: string): Promise<Answer> {
  [out, err] = ['', ''];
  process.exitCode = undefined;
  process.argv = [node, file, option];
  try {
    // A module is run once for each query.
    await import(`${pathToFileURL(file).href}?${option}`);
  } catch (error) {
    err += `thrown: ${String(error)}`;
  }
  const answer = { file, option, code: process.exitCode, out, err };
  process.exitCode = undefined;
  return answer;
}
