import { describe, expect, test } from 'vitest';
import { simpledht } from './support/in-process.ts';

describe('a wrong call', () => {
  test.each([
    [[], 'Usage: simpledht'],
    [['putt'], "unknown command 'putt'\n(Did you mean put?)"],
    [['get'], "missing required argument 'key'"],
    [['get', 'a', 'b'], 'too many arguments'],
    [['get', 'k', '--prot', '1'], "unknown option '--prot'\n(Did you mean --port?)"],
    [['get', 'k', '--port', 'x'], 'A port is a whole number from 1 to 65535'],
    [['get', 'k', '--timeout', 'soon'], 'A time-out is a number of seconds'],
    [['start', '--bootstrap', 'nowhere'], 'Invalid bootstrap node format: nowhere. Expected format: HOST:PORT'],
    [['start', '--data', ''], 'A directory is missing'],
    [['start', '--advertise', 'nowhere'], 'Expected format: HOST:PORT'],
    [['start', '--mtu', '100'], 'An MTU is a whole number from 560 to 65535'],
    [['start', '--keepalive', '5'], 'A duration is a number above 0 with a unit'],
    [['start', '--keepalive', '10ms'], 'A keepalive is from 1s to 1h'],
    [['start', '--transport', 'tcp', '--mtu', '1500'], '--mtu is for UDP'],
    [['start', '--transport', 'tcp', '--keepalive', '20s'], '--keepalive is for UDP'],
    [['start', '--preset', 'moon'], 'Allowed choices are local, lan, wan'],
    [['put', 'k'], 'A value is missing'],
    [['put', 'k', 'v', '--file', 'f'], 'not both'],
    [['put', 'k', '{', '--json-value'], 'The value is not JSON'],
    [['put', 'k', 'v', '--acks', 'most'], 'Acks are local, majority, all'],
    [['list', '--limit', '0'], 'a whole number of at least 1'],
  ])('%j ends with exit code 2 and says why', async (argv, words) => {
    const { exitCode, stdout, stderr } = await simpledht(...argv);
    expect(stderr).toContain(words);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });

  test('a file that is not there is a failure', async () => {
    const { exitCode, stderr } = await simpledht('put', 'k', '--file', '/nowhere/at/all');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^Error: ENOENT/);
  });

  test('environment variables are weaker than flags and are checked like them', async () => {
    process.env['SIMPLEDHT_PORT'] = 'x';
    try {
      const fromEnvironment = await simpledht('get', 'k');
      expect(fromEnvironment.exitCode).toBe(2);
      expect(fromEnvironment.stderr).toContain("value 'x' from env 'SIMPLEDHT_PORT' is invalid");
      const fromFlag = await simpledht('put', 'k', '--port', '5000');
      expect(fromFlag.stderr).toContain('A value is missing');
    } finally {
      delete process.env['SIMPLEDHT_PORT'];
    }
  });
});

describe('help', () => {
  test.each([[['--help']], [['help']], [['put', '--help']], [['help', 'start']]])(
    '%j ends with exit code 0',
    async (argv) => {
      const { exitCode, stdout } = await simpledht(...argv);
      expect(exitCode).toBe(0);
      expect(stdout).toContain('Usage: simpledht');
      expect(stdout).toContain('Examples:');
    },
  );

  test('--version prints the version alone', async () => {
    const { exitCode, stdout } = await simpledht('--version');
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
    expect(exitCode).toBe(0);
  });
});
