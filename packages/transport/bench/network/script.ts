/** Options of a script, in its first argument. Whoever starts it is in this folder too, so their type is taken for granted. */
export function options(): unknown {
  // It ends with its input: nothing is left behind when the measurement fails.
  process.stdin.on('end', () => process.kill(process.pid)).resume();
  return JSON.parse(process.argv[2] ?? '{}');
}

export function say(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
