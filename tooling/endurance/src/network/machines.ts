import { execFileSync } from 'node:child_process';
import type { Prefix } from '@simpledht/processes';

/** Network namespaces on a bridge, which is in one of its own. Linux, root, iproute2 and nftables. */
export interface Machines {
  /** What enters a machine, numbered from 0; `'hub'` is where the bridge is. */
  at(machine: number | 'hub'): Prefix;
  ip(machine: number): string;
  /** The address of the hub that stands for a machine. */
  hubIp(machine: number): string;
  /** Runs a command on a machine. Throws with what it said. */
  run(machine: number, command: string, ...argv: readonly string[]): void;
  /** Gives the machine these rules of nftables in place of those that it had. */
  filter(machine: number, rules: readonly string[]): void;
  /** Takes everything away again; safe to call after a failure. */
  remove(): void;
}

/** From TEST-NET-1 (RFC 5737): belongs to nobody. There is no way out of it. */
const network = '192.0.2.';
const hubOffset = 100;
let made = 0;

export function createMachines(count: number): Machines {
  const tag = `sdhtend${String(process.pid)}-${String(++made)}`;
  const all: readonly (number | 'hub')[] = ['hub', ...Array.from({ length: count }, (_, machine) => machine)];
  const name = (machine: number | 'hub'): string => `${tag}-${String(machine)}`;
  const ip = (machine: number): string => `${network}${String(machine + 1)}`;
  const hubIp = (machine: number): string => `${network}${String(machine + hubOffset)}`;
  const remove = (): void => {
    // Cables and the bridge go with them.
    for (const machine of all) attempt('ip', 'netns', 'del', name(machine));
  };
  const inside = (machine: number, command: string, ...argv: readonly string[]): void => {
    run('ip', 'netns', 'exec', name(machine), command, ...argv);
  };
  try {
    run('ip', 'netns', 'add', name('hub'));
    run('ip', '-n', name('hub'), 'link', 'add', 'bridge0', 'type', 'bridge');
    for (const device of ['lo', 'bridge0']) run('ip', '-n', name('hub'), 'link', 'set', device, 'up');
    for (const machine of all)
      if (machine !== 'hub') {
        connect(name('hub'), name(machine), String(machine));
        run('ip', '-n', name('hub'), 'addr', 'add', `${hubIp(machine)}/24`, 'dev', 'bridge0');
        run('ip', '-n', name(machine), 'addr', 'add', `${ip(machine)}/24`, 'dev', 'wire0');
        inside(machine, 'nft', 'add table inet sdht; add table netdev sdht');
      }
  } catch (error) {
    remove();
    throw error;
  }
  return {
    at: (machine) => ['ip', 'netns', 'exec', name(machine)],
    ...{ ip, hubIp, run: inside, remove },
    filter: (machine, rules) => {
      inside(machine, 'nft', ['flush table inet sdht', 'flush table netdev sdht', ...rules].join('; '));
    },
  };
}

function connect(hub: string, space: string, machine: string): void {
  const port = `port${machine}`;
  run('ip', 'netns', 'add', space);
  run('ip', 'link', 'add', 'wire0', 'netns', space, 'type', 'veth', 'peer', 'name', port, 'netns', hub);
  run('ip', '-n', hub, 'link', 'set', port, 'master', 'bridge0', 'up');
  for (const device of ['lo', 'wire0']) run('ip', '-n', space, 'link', 'set', device, 'up');
}

/** Why there are no machines here; `undefined` when there are. */
export function whyNoMachines(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  let machines: Machines | undefined;
  try {
    machines = createMachines(2);
    return undefined;
  } catch (error) {
    return `network namespaces cannot be made: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    machines?.remove();
  }
}

function run(command: string, ...argv: readonly string[]): void {
  execFileSync(command, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function attempt(command: string, ...argv: readonly string[]): void {
  try {
    run(command, ...argv);
  } catch {
    // It was never made.
  }
}
