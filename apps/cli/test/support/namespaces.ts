import { execFileSync } from 'node:child_process';

/** Two machines for a test: network namespaces with a cable between them. Linux, root and iproute2 are needed. */
export interface Machines {
  /** Puts a command on a machine: prefix of its command line. */
  readonly at: (machine: 1 | 2) => readonly string[];
  readonly ip: (machine: 1 | 2) => string;
  /** Takes everything away again; safe to call after a failure. */
  remove(): void;
}

/** From TEST-NET-3 (RFC 5737): looks public to a program, belongs to nobody. */
const ips = { 1: '203.0.113.1', 2: '203.0.113.2' } as const;

export function createMachines(): Machines {
  const tag = `sdht${String(process.pid)}`;
  const name = (machine: 1 | 2): string => `${tag}-${String(machine)}`;
  const remove = (): void => {
    // The cable goes with its ends.
    for (const machine of [1, 2] as const) attempt(['netns', 'del', name(machine)]);
  };
  try {
    for (const machine of [1, 2] as const) ip('netns', 'add', name(machine));
    ip('link', 'add', 'wire0', 'netns', name(1), 'type', 'veth', 'peer', 'name', 'wire0', 'netns', name(2));
    for (const machine of [1, 2] as const) {
      ip('-n', name(machine), 'addr', 'add', `${ips[machine]}/24`, 'dev', 'wire0');
      for (const device of ['lo', 'wire0']) ip('-n', name(machine), 'link', 'set', device, 'up');
    }
  } catch (error) {
    remove();
    throw error;
  }
  return { at: (machine) => ['ip', 'netns', 'exec', name(machine)], ip: (machine) => ips[machine], remove };
}

/** Why there are no machines here; `undefined` when there are. */
export function whyNoMachines(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  try {
    createMachines().remove();
    return undefined;
  } catch (error) {
    return `network namespaces cannot be made: ${error instanceof Error ? error.message : String(error)}`;
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
