import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';

/** Machines in two rooms, each on the bridge of its room, with a cable between the bridges. Linux, root and iproute2. */
export interface Rooms {
  /** Puts a command on a machine, numbered from 1: prefix of its command line. */
  readonly at: (machine: number) => readonly string[];
  readonly ip: (machine: number) => string;
  /** Pulls the cable between the rooms, or puts it back. */
  cable(isIn: boolean): void;
  /** From now on the machine does not hear these others; they hear it. Needs nftables. */
  deafen(machine: number, others: readonly number[]): void;
  /** Ends what `deafen` did. */
  hear(machine: number): void;
  /** What a host name means on a machine, as from a name server. */
  name(machine: number, name: string, ip: string): void;
  /** Takes everything away again; safe to call after a failure. */
  remove(): void;
}

const table = 'sdht';
let made = 0;

/** `left` machines in one room, `right` in the other. */
export function createRooms(left: number, right: number): Rooms {
  const tag = `sdhtroom${String(process.pid)}-${String(++made)}`;
  const count = left + right;
  const space = (machine: number): string => `${tag}-${String(machine)}`;
  const hosts = (machine: number): string => `/etc/netns/${space(machine)}`;
  const machines = Array.from({ length: count }, (_, index) => index + 1);
  const address = (machine: number): string => `203.0.113.${String(machine)}`;
  const hub = space(0);
  const remove = (): void => {
    for (const machine of [0, ...machines]) {
      attempt('ip', 'netns', 'del', space(machine));
      rmSync(hosts(machine), { recursive: true, force: true });
    }
  };
  try {
    buildHub(hub);
    for (const machine of machines) {
      // Before the first process: what is bound over /etc/hosts is fixed when a process enters.
      mkdirSync(hosts(machine), { recursive: true });
      writeFileSync(`${hosts(machine)}/hosts`, '127.0.0.1 localhost\n');
      connect(hub, space(machine), { port: `port${String(machine)}`, bridge: machine <= left ? 'left' : 'right' });
      run('ip', '-n', space(machine), 'addr', 'add', `${address(machine)}/24`, 'dev', 'wire0');
    }
  } catch (error) {
    remove();
    throw error;
  }
  return {
    at: (machine) => ['ip', 'netns', 'exec', space(machine)],
    ip: address,
    cable: (isIn) => {
      run('ip', '-n', hub, 'link', 'set', 'cable-l', isIn ? 'up' : 'down');
    },
    deafen: (machine, others) => {
      const sources = others.map(address).join(', ');
      nft(space(machine), `add table inet ${table}`);
      nft(space(machine), `add chain inet ${table} in { type filter hook input priority 0; }`);
      nft(space(machine), `add rule inet ${table} in ip saddr { ${sources} } drop`);
    },
    hear: (machine) => {
      nft(space(machine), `delete table inet ${table}`);
    },
    name: (machine, name, ip) => {
      writeFileSync(`${hosts(machine)}/hosts`, `127.0.0.1 localhost\n${ip} ${name}\n`);
    },
    remove,
  };
}

/** Why there are no rooms here; `undefined` when there are. */
export function whyNoRooms(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  try {
    createRooms(1, 1).remove();
    return undefined;
  } catch (error) {
    return `network namespaces with bridges cannot be made: ${messageOf(error)}`;
  }
}

/** Why no machine can be made deaf here; `undefined` when it can. */
export function whyNoFilter(): string | undefined {
  let rooms: Rooms | undefined;
  try {
    rooms = createRooms(1, 1);
    rooms.deafen(1, [2]);
    return undefined;
  } catch (error) {
    return `nftables does not work in network namespaces: ${messageOf(error)}`;
  } finally {
    rooms?.remove();
  }
}

function buildHub(hub: string): void {
  run('ip', 'netns', 'add', hub);
  for (const bridge of ['left', 'right']) run('ip', '-n', hub, 'link', 'add', bridge, 'type', 'bridge');
  run('ip', '-n', hub, 'link', 'add', 'cable-l', 'type', 'veth', 'peer', 'name', 'cable-r');
  run('ip', '-n', hub, 'link', 'set', 'cable-l', 'master', 'left');
  run('ip', '-n', hub, 'link', 'set', 'cable-r', 'master', 'right');
  for (const device of ['left', 'right', 'cable-l', 'cable-r']) run('ip', '-n', hub, 'link', 'set', device, 'up');
}

function connect(hub: string, space: string, { port, bridge }: { port: string; bridge: string }): void {
  run('ip', 'netns', 'add', space);
  run('ip', 'link', 'add', 'wire0', 'netns', space, 'type', 'veth', 'peer', 'name', port, 'netns', hub);
  run('ip', '-n', hub, 'link', 'set', port, 'master', bridge, 'up');
  for (const device of ['lo', 'wire0']) run('ip', '-n', space, 'link', 'set', device, 'up');
}

function nft(space: string, command: string): void {
  run('ip', 'netns', 'exec', space, 'nft', command);
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
