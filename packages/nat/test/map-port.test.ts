import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createNetwork, homeIp, wanIp, whyNoNetwork, type Network } from './support/network.ts';

const reason = whyNoNetwork();
const skipped = reason === undefined ? '' : `, skipped: ${reason}`;

const bin = fileURLToPath(new URL('../../../apps/cli/src/bin.ts', import.meta.url));
const simpledht = [process.execPath, '--conditions=@simpledht/source', '--import', 'tsx', bin] as const;

interface Member {
  readonly child: ChildProcess;
  /** Settles with the first line from now on that matches. */
  readonly line: (pattern: RegExp) => Promise<string>;
}

function start(world: Network, machine: 'home' | 'outside', ...options: readonly string[]): Member {
  const [command, ...argv] = [...world.at(machine), ...simpledht, 'start', '--json', ...options];
  const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const next = await lines.next();
      if (next.done === true) throw new Error(`ended without ${String(pattern)}`);
      if (pattern.test(next.value)) return next.value;
    }
  };
  return { child, line };
}

/** A call to the machine's own node. */
function call(world: Network, machine: 'home' | 'outside', ...verb: readonly string[]): string {
  const [command, ...argv] = [...world.at(machine), ...simpledht, ...verb];
  return execFileSync(command, argv, { encoding: 'utf8', timeout: 10_000 });
}

const forwards = (world: Network): boolean => world.rules().includes(`dnat ip to ${homeIp}:5000`);

describe.skipIf(reason !== undefined)(`start --map-port behind a router with miniupnpd${skipped}`, () => {
  it('is joined from outside at the mapped address, syncs both ways, and takes the mapping back', async () => {
    const world = createNetwork();
    onTestFinished(() => world.remove());
    await world.startDaemon({ upnp: 2, pmp: true });
    const home = start(world, 'home', '--map-port');
    await home.line(new RegExp(`"${wanIp}:5000"`));
    expect(forwards(world)).toBe(true);

    const outside = start(world, 'outside', '--bootstrap', `${wanIp}:5000`);
    await outside.line(/"event":"peer-joined"/);
    await home.line(/"event":"peer-joined"/);
    call(world, 'home', 'put', '--acks', 'all', 'from-home', 'hello');
    expect(call(world, 'outside', 'get', 'from-home')).toContain('hello');
    call(world, 'outside', 'put', '--acks', 'all', 'from-outside', 'answer');
    expect(call(world, 'home', 'get', 'from-outside')).toContain('answer');
    expect(call(world, 'outside', 'peers')).toContain(`${wanIp}:5000`);

    const ended = once(home.child, 'close');
    home.child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    expect(forwards(world)).toBe(false);
  }, 60_000);
});
