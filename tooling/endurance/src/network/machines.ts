import { build, whyNot, type Namespaces, type Prefix } from '@simpledht/namespaces';

/** Network namespaces on a bridge, which is in one of its own. nftables is needed, too. */
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

export function createMachines(count: number): Machines {
  return build('endurance', (spaces) => machinesOf(spaces, count));
}

function machinesOf(spaces: Namespaces, count: number): Machines {
  const ip = (machine: number): string => `${network}${String(machine + 1)}`;
  const hubIp = (machine: number): string => `${network}${String(machine + hubOffset)}`;
  const run = (machine: number, command: string, ...argv: readonly string[]): void => {
    spaces.run(String(machine), command, ...argv);
  };
  spaces.add('hub');
  spaces.bridge('hub', 'bridge0');
  for (let machine = 0; machine < count; machine++) {
    const space = String(machine);
    spaces.add(space);
    spaces.cable(
      { space, device: 'wire0', address: `${ip(machine)}/24` },
      { space: 'hub', device: `port${space}`, bridge: 'bridge0' },
    );
    spaces.address('hub', 'bridge0', `${hubIp(machine)}/24`);
    run(machine, 'nft', 'add table inet sdht; add table netdev sdht');
  }
  return {
    at: (machine) => spaces.at(String(machine)),
    ...{ ip, hubIp, run },
    filter: (machine, rules) => {
      run(machine, 'nft', ['flush table inet sdht', 'flush table netdev sdht', ...rules].join('; '));
    },
    remove: () => {
      spaces.remove();
    },
  };
}

/** Why there are no machines here; `undefined` when there are. */
export function whyNoMachines(): string | undefined {
  return whyNot((spaces) => machinesOf(spaces, 2));
}
