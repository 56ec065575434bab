import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { build, whyNot, type Namespaces, type Prefix } from '@simpledht/namespaces';

/** Machines in two rooms, each on the bridge of its room, with a cable between the bridges. */
export interface Rooms {
  /** Puts a command on a machine, numbered from 1. */
  readonly at: (machine: number) => Prefix;
  readonly ip: (machine: number) => string;
  /** Pulls the cable between the rooms, or puts it back. */
  cable(isIn: boolean): void;
  /** From now on the machine does not hear these others; they hear it. Needs nftables. */
  deafen(machine: number, others: readonly number[]): void;
  /** Ends what `deafen` did. */
  hear(machine: number): void;
  /** What a host name means on a machine, as from a name server. */
  name(machine: number, name: string, ip: string): void;
  /** Takes everything away again. */
  remove(): void;
}

const table = 'sdht';
const localhost = '127.0.0.1 localhost\n';

/** `left` machines in one room, `right` in the other. */
export function createRooms(left: number, right: number): Rooms {
  return build('rooms', (spaces) => roomsOf(spaces, left, right));
}

function roomsOf(spaces: Namespaces, left: number, right: number): Rooms {
  const names = new HostNames(spaces);
  const rooms: Rooms = {
    at: (machine) => spaces.at(String(machine)),
    ip: addressOf,
    cable: (isIn) => {
      spaces.link('hub', 'cable-l', isIn ? 'up' : 'down');
    },
    deafen: (machine, others) => {
      const rule = `ip saddr { ${others.map(addressOf).join(', ')} } drop`;
      const chain = `add chain inet ${table} in { type filter hook input priority 0; }`;
      nft(spaces, machine, `add table inet ${table}; ${chain}; add rule inet ${table} in ${rule}`);
    },
    hear: (machine) => {
      nft(spaces, machine, `delete table inet ${table}`);
    },
    name: (machine, name, ip) => {
      names.set(machine, `${localhost}${ip} ${name}\n`);
    },
    remove: () => {
      spaces.remove();
      names.remove();
    },
  };
  try {
    connect(spaces, names, { left, right });
  } catch (error) {
    names.remove();
    throw error;
  }
  return rooms;
}

function connect(spaces: Namespaces, names: HostNames, sizes: { readonly left: number; readonly right: number }): void {
  spaces.add('hub');
  for (const room of ['left', 'right']) spaces.bridge('hub', room);
  spaces.cable(
    { space: 'hub', device: 'cable-l', bridge: 'left' },
    { space: 'hub', device: 'cable-r', bridge: 'right' },
  );
  for (let machine = 1; machine <= sizes.left + sizes.right; machine++) {
    const space = String(machine);
    // Before the first process: what is bound over /etc/hosts is fixed when a process enters.
    names.set(machine, localhost);
    spaces.add(space);
    spaces.cable(
      { space, device: 'wire0', address: `${addressOf(machine)}/24` },
      { space: 'hub', device: `port${space}`, bridge: machine <= sizes.left ? 'left' : 'right' },
    );
  }
}

/** From TEST-NET-3 (RFC 5737): belongs to nobody. */
function addressOf(machine: number): string {
  return `203.0.113.${String(machine)}`;
}

/** The hosts files of machines, which `ip netns exec` binds over the system's. */
class HostNames {
  readonly #spaces: Namespaces;
  readonly #directories = new Set<string>();

  constructor(spaces: Namespaces) {
    this.#spaces = spaces;
  }

  set(machine: number, text: string): void {
    const directory = `/etc/netns/${this.#spaces.nameOf(String(machine))}`;
    this.#directories.add(directory);
    mkdirSync(directory, { recursive: true });
    writeFileSync(`${directory}/hosts`, text);
  }

  remove(): void {
    for (const directory of this.#directories) rmSync(directory, { recursive: true, force: true });
  }
}

function nft(spaces: Namespaces, machine: number, command: string): void {
  spaces.run(String(machine), 'nft', command);
}

/** Why there are no rooms here; `undefined` when there are. */
export function whyNoRooms(): string | undefined {
  return whyNot((spaces) => {
    roomsOf(spaces, 1, 1).remove();
  });
}

/** Why no machine can be made deaf here; `undefined` when it can. */
export function whyNoFilter(): string | undefined {
  return whyNot((spaces) => {
    const rooms = roomsOf(spaces, 1, 1);
    try {
      rooms.deafen(1, [2]);
    } finally {
      rooms.remove();
    }
  });
}
