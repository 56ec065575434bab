import { build, whyNot, type Namespaces, type Prefix } from '@simpledht/namespaces';

/** Two machines for a test, with a cable between them. */
export interface Machines {
  /** Puts a command on a machine. */
  readonly at: (machine: 1 | 2) => Prefix;
  readonly ip: (machine: 1 | 2) => string;
  /** Takes everything away again. */
  remove(): void;
}

/** From TEST-NET-3 (RFC 5737): looks public to a program, belongs to nobody. */
const ips = { 1: '203.0.113.1', 2: '203.0.113.2' } as const;

export function createMachines(): Machines {
  return build('pair', machinesOf);
}

function machinesOf(spaces: Namespaces): Machines {
  const end = (machine: 1 | 2) => ({ space: String(machine), device: 'wire0', address: `${ips[machine]}/24` });
  spaces.add('1', '2');
  spaces.cable(end(1), end(2));
  return {
    at: (machine) => spaces.at(String(machine)),
    ip: (machine) => ips[machine],
    remove: () => {
      spaces.remove();
    },
  };
}

/** Why there are no machines here; `undefined` when there are. */
export function whyNoMachines(): string | undefined {
  return whyNot(machinesOf);
}
