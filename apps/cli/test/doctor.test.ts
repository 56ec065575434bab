import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNode, newSecret, type DHTNode, type NodeOptions } from '@simpledht/node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parsed, simpledht } from './support/in-process.ts';
import { createMachines, whyNoMachines } from './support/namespaces.ts';
import { processesOf } from './support/processes.ts';

const host = '127.0.0.1';

async function node(options: NodeOptions = {}): Promise<DHTNode> {
  const made = await createNode({ host, port: 0, ...options });
  onTestFinished(() => made.stop());
  return made;
}

const doctor = (port: number, ...rest: readonly string[]): ReturnType<typeof simpledht> =>
  simpledht('doctor', '--port', String(port), '--timeout', '1', ...rest);

/** A UDP port that was free a moment ago. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await once(socket.bind(0, host), 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

describe('a node that can be reached', () => {
  test('all is well, both ways', async () => {
    const { port } = await node();
    const { exitCode, stdout, stderr } = await doctor(port);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      new RegExp(`^ok +UDP gets to 127\\.0\\.0\\.1:${String(port)} and back, in [\\d.]+ ms$`, 'm'),
    );
    expect(stdout).toMatch(/^ok +Packets of 1500 bytes get through$/m);
    expect(stdout).toMatch(/^ok +The node answers calls: protocol \d+, no secret on either side$/m);
    expect(stdout).toMatch(/^ok +Its clock is [\d.]+ ms (ahead of|behind) this one$/m);
    expect(stdout).toMatch(/^ok +The node reaches this machine at 127\.0\.0\.1:\d+ by itself$/m);
    expect(stdout).not.toContain('blocked');
  });

  test('of a cluster with a name, for who knows it', async () => {
    const { port } = await node({ cluster: 'blue' });
    expect((await doctor(port, '--cluster', 'blue')).exitCode).toBe(0);
    const { exitCode, stdout } = await doctor(port);
    expect(exitCode).toBe(4);
    expect(stdout).toContain('Use the name of that cluster with --cluster');
  });

  test('as JSON, from the port that was named', async () => {
    const { port } = await node();
    const listenPort = await freePort();
    const outcome = await doctor(port, '--json', '--listen-port', String(listenPort));
    expect(parsed(outcome)).toMatchObject({
      address: `${host}:${String(port)}`,
      udp: { outcome: 'answered', sent: 10, answered: 10, largestPacketBytes: 1500 },
      call: { observed: `${host}:${String(listenPort)}`, dialBack: 'reached', secure: false },
    });
  });

  test('a clock that is wrong is told, with the cure', async () => {
    const clock: NonNullable<NodeOptions['clock']> = {
      now: () => Date.now() - 60_000,
      monotonic: () => performance.now(),
      setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
      clearTimeout: (handle) => {
        clearTimeout(handle as NodeJS.Timeout);
      },
      defer: setImmediate,
    };
    const { port } = await node({ clock });
    const { exitCode, stdout } = await doctor(port);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^blocked +Its clock is 60\d{3} ms behind this one\n +Set the clocks by NTP/m);
  });
});

describe('a node that cannot', () => {
  test('nobody listens there', async () => {
    const port = await freePort();
    const { exitCode, stdout } = await doctor(port);
    expect(exitCode).toBe(4);
    expect(stdout).toMatch(/^blocked +The machine of .* is there, and nobody listens on its UDP port \d+$/m);
    expect(stdout).not.toContain('--transport tcp');
  });

  test('somebody else listens there, over TCP', async () => {
    const server = createServer((socket) => socket.destroy());
    onTestFinished(() => void server.close());
    await once(server.listen(0, host), 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { exitCode, stdout } = await doctor(port);
    expect([exitCode, stdout]).toEqual([4, expect.stringContaining('use --transport tcp in every other command')]);
  });

  test('nothing comes back', async () => {
    const socket = createSocket('udp4');
    onTestFinished(() => void socket.close());
    await once(socket.bind(0, host), 'listening');
    const { exitCode, stdout } = await doctor(socket.address().port);
    expect([exitCode, stdout]).toEqual([4, expect.stringMatching(/^blocked +UDP to .* gets no answer/)]);
  });

  test('what comes back is not from a node', async () => {
    const socket = createSocket('udp4');
    onTestFinished(() => void socket.close());
    // An echo, and a reset for another link.
    socket.on('message', (bytes, { port, address }) => {
      socket.send(bytes, port, address);
      socket.send(Buffer.from('c105deadbeef', 'hex'), port, address);
    });
    await once(socket.bind(0, host), 'listening');
    const { exitCode, stdout } = await doctor(socket.address().port);
    expect([exitCode, stdout]).toEqual([4, expect.stringMatching(/^blocked +UDP to .* gets no answer/)]);
  });

  test('the secret is another, or missing', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'simpledht-doctor-'));
    onTestFinished(() => {
      rmSync(directory, { recursive: true });
    });
    const file = join(directory, 'key');
    expect((await simpledht('keygen', '--out', file)).exitCode).toBe(0);
    const { port } = await node({ secret: newSecret() });
    const without = await doctor(port);
    expect([without.exitCode, without.stdout]).toEqual([
      4,
      expect.stringMatching(/does not answer to a call: it has a secret, or another cluster name$/m),
    ]);
    const other = await doctor(port, '--secret-file', file);
    expect([other.exitCode, other.stdout]).toEqual([4, expect.stringContaining('it has another secret, or none')]);
  });

  test('the name does not resolve, or the own port is taken', async () => {
    const nowhere = await doctor(5000, '--host', 'nowhere.invalid');
    expect([nowhere.exitCode, nowhere.stderr]).toEqual([1, expect.stringContaining('nowhere.invalid')]);
    const [one, two] = [await node(), await node({ host: '0.0.0.0' })];
    const taken = await doctor(one.port, '--listen-port', String(two.port));
    expect([taken.exitCode, taken.stderr]).toEqual([1, expect.stringContaining('Address already in use')]);
  });
});

const reason = whyNoMachines() ?? whyNoFirewall();
if (reason !== undefined) console.warn(`skipped: doctor between two machines with firewalls (${reason})`);

describe.skipIf(reason !== undefined)('two machines with firewalls', () => {
  test('a way that is blocked in one direction, and in both', async (context) => {
    const machines = createMachines();
    context.onTestFinished(() => {
      machines.remove();
    });
    const start = processesOf(context);
    const rules = (machine: 1 | 2, policy: 'accept' | 'drop', ...lines: readonly string[]): void => {
      const [command, ...argv] = machines.at(machine);
      const chain = ['chain i {', `type filter hook input priority 0; policy ${policy};`, ...lines, '}'];
      const input = ['flush ruleset', 'table inet f {', ...chain, '}', ''].join('\n');
      execFileSync(command, [...argv, 'nft', '-f', '-'], { input });
    };
    const look = async (): Promise<{ exitCode: unknown; said: string }> => {
      const call = start(['doctor', '--host', machines.ip(1), '--timeout', '1'], machines.at(2));
      return { exitCode: await call.ended, said: call.lines.join('\n') };
    };
    await start(['start'], machines.at(1)).line(/^Node started successfully/);
    expect(await look()).toMatchObject({
      exitCode: 0,
      said: expect.stringContaining('reaches this machine') as string,
    });

    // What most firewalls do: answers get in, and nothing else.
    rules(2, 'drop', 'ct state established,related accept', 'iifname "lo" accept');
    const oneWay = await look();
    expect(oneWay.exitCode).toBe(1);
    expect(oneWay.said).toContain(`The node does not reach this machine at ${machines.ip(2)}`);
    expect(oneWay.said).toContain('start --map-port');

    rules(2, 'accept');
    rules(1, 'accept', 'udp dport 5000 drop');
    const dropped = await look();
    expect([dropped.exitCode, dropped.said]).toEqual([4, expect.stringMatching(/UDP to .* gets no answer/)]);

    rules(1, 'accept', 'udp length > 1200 drop');
    const small = await look();
    expect([small.exitCode, small.said]).toEqual([1, expect.stringContaining('Only small packets get through')]);
  });
});

function whyNoFirewall(): string | undefined {
  try {
    execFileSync('nft', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'nft is not installed: Debian package nftables';
  }
}
