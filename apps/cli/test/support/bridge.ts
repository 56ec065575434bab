import { build, whyNot, type Namespaces, type Prefix } from '@simpledht/namespaces';

/** Machines on one LAN: namespaces on a bridge, which is in one of its own. */
export interface Bridge {
  /** Puts a command on a machine, numbered from 1. */
  readonly at: (machine: number) => Prefix;
  readonly ip: (machine: number) => string;
  /** Takes the cable of a machine away, or puts it back. */
  readonly link: (machine: number, state: 'up' | 'down') => void;
  /** Takes everything away again. */
  remove(): void;
}

/** `machines` on a network of TEST-NET-2 (RFC 5737), which belongs to nobody. There is no way out of it. */
export function createBridge(machines: number): Bridge {
  return build('lan', (spaces) => bridgeOf(spaces, machines));
}

function bridgeOf(spaces: Namespaces, machines: number): Bridge {
  const ip = (machine: number): string => `198.51.100.${String(machine)}`;
  spaces.add('hub');
  // No snooping: without a querier, bridges forget who listens to multicast.
  spaces.bridge('hub', 'bridge0', 'mcast_snooping', '0');
  for (let machine = 1; machine <= machines; machine++) {
    const space = String(machine);
    spaces.add(space);
    spaces.cable(
      { space, device: 'lan0', address: `${ip(machine)}/24` },
      { space: 'hub', device: `port${space}`, bridge: 'bridge0' },
    );
  }
  return {
    at: (machine) => spaces.at(String(machine)),
    ip,
    link: (machine, state) => {
      spaces.link(String(machine), 'lan0', state);
    },
    remove: () => {
      spaces.remove();
    },
  };
}

/** Why there is no bridge here; `undefined` when there is. */
export function whyNoBridge(): string | undefined {
  return whyNot((spaces) => bridgeOf(spaces, 1));
}
