import { execFileSync } from 'node:child_process';

/** Machines on one LAN: network namespaces on a bridge, which is in one of its own. Linux, root and iproute2 are needed. */
export interface Bridge {
  /** Puts a command on a machine: prefix of its command line. */
  readonly at: (machine: number) => readonly string[];
  readonly ip: (machine: number) => string;
  /** Takes the cable of a machine away, or puts it back. */
  readonly link: (machine: number, state: 'up' | 'down') => void;
  /** Takes everything away again; safe to call after a failure. */
  remove(): void;
}

/** `machines` on a network of TEST-NET-2 (RFC 5737), which belongs to nobody. There is no way out of it. */
export function createBridge(machines: number): Bridge {
  const tag = `sdhtlan${String(process.pid)}`;
  const all = Array.from({ length: machines }, (_, index) => index + 1);
  const name = (machine: number): string => `${tag}-${String(machine)}`;
  const ipOf = (machine: number): string => `198.51.100.${String(machine)}`;
  const remove = (): void => {
    // Cables and the bridge go with them.
    for (const machine of [0, ...all]) attempt(['netns', 'del', name(machine)]);
  };
  const join = (machine: number): void => {
    const port = `port${String(machine)}`;
    ip('netns', 'add', name(machine));
    ip('link', 'add', 'lan0', 'netns', name(machine), 'type', 'veth', 'peer', 'name', port, 'netns', name(0));
    ip('-n', name(0), 'link', 'set', port, 'master', 'bridge0', 'up');
    ip('-n', name(machine), 'addr', 'add', `${ipOf(machine)}/24`, 'dev', 'lan0');
    for (const device of ['lo', 'lan0']) ip('-n', name(machine), 'link', 'set', device, 'up');
  };
  try {
    ip('netns', 'add', name(0));
    // No snooping: without a querier, bridges forget who listens to multicast.
    ip('-n', name(0), 'link', 'add', 'bridge0', 'type', 'bridge', 'mcast_snooping', '0');
    ip('-n', name(0), 'link', 'set', 'bridge0', 'up');
    for (const machine of all) join(machine);
  } catch (error) {
    remove();
    throw error;
  }
  return {
    at: (machine) => ['ip', 'netns', 'exec', name(machine)],
    ip: ipOf,
    link: (machine, state) => {
      ip('-n', name(machine), 'link', 'set', 'lan0', state);
    },
    remove,
  };
}

/** Why there is no bridge here; `undefined` when there is. */
export function whyNoBridge(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  try {
    createBridge(1).remove();
    return undefined;
  } catch (error) {
    return `a bridge cannot be made: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function ip(...argv: readonly string[]): void {
  execFileSync('ip', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function attempt(argv: readonly string[]): void {
  try {
    ip(...argv);
  } catch {
    // It was never made.
  }
}
