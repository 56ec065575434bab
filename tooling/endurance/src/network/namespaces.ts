import { Child } from '@simpledht/processes';
import { createMachines, type Machines } from './machines.ts';
import { conditionOf, cutsOf, type Network, type NetworkFault, type NetworkFaultKind } from './network.ts';
import { perfect, type Conditions, type RelayOptions } from './relay.ts';

const port = 5000;

/** How the machines of a run are connected, which does not change. */
export interface Wiring {
  readonly members: number;
  readonly seed: number;
  /** Of the cables. */
  readonly mtuBytes: number;
  /** All goes through a relay, which delays: most kernels do, but not all have netem. */
  readonly relayed: boolean;
}

const always: readonly NetworkFaultKind[] = ['loss', 'duplicate', 'deaf', 'mute', 'split', 'rate'];
const byRelay: readonly NetworkFaultKind[] = ['delay', 'corrupt'];

/** Members on machines of their own: faults are those of the kernel. What it cannot do, a relay between them does. */
export async function namespaceNetwork(wiring: Wiring, undoLater: (undo: () => void) => void): Promise<Network> {
  const machines = createMachines(wiring.members);
  // At once: an interruption may come while the relay starts.
  undoLater(() => {
    machines.remove();
  });
  const relay = wiring.relayed
    ? new Child(new URL('../process/relay-process.ts', import.meta.url), machines.at('hub'))
    : undefined;
  try {
    for (const member of indexesOf(wiring.members))
      machines.run(member, 'ip', 'link', 'set', 'wire0', 'mtu', String(wiring.mtuBytes));
    await relay?.call('open', relayOptions(machines, wiring));
  } catch (error) {
    await relay?.kill();
    machines.remove();
    throw error;
  }
  const weather = new Weather(machines, wiring, relay);
  return {
    faults: wiring.relayed ? [...always, ...byRelay] : always,
    advertises: wiring.relayed,
    prefix: (member) => machines.at(member),
    place: (member) => Promise.resolve({ host: machines.ip(member), port }),
    address: (member) => `${wiring.relayed ? machines.hubIp(member) : machines.ip(member)}:${String(port)}`,
    begin: (fault) => weather.begin(fault),
    heal: () => weather.heal(),
    close: async () => {
      await relay?.kill();
      machines.remove();
    },
  };
}

function relayOptions(machines: Machines, { members, seed }: Wiring): RelayOptions {
  const indexes = indexesOf(members);
  return {
    seed,
    members: indexes.map((member) => ({ host: machines.ip(member), port })),
    fronts: indexes.map((member) => ({ host: machines.hubIp(member), port })),
  };
}

function indexesOf(members: number): number[] {
  return Array.from({ length: members }, (_, index) => index);
}

/** The faults that are there, as rules of each machine. */
class Weather {
  readonly #machines: Machines;
  readonly #wiring: Wiring;
  readonly #relay: Child | undefined;
  #faults: NetworkFault[] = [];

  constructor(machines: Machines, wiring: Wiring, relay: Child | undefined) {
    this.#machines = machines;
    this.#wiring = wiring;
    this.#relay = relay;
  }

  begin(fault: NetworkFault): Promise<void> {
    this.#faults.push(fault);
    return this.#apply();
  }

  heal(): Promise<void> {
    this.#faults = [];
    return this.#apply();
  }

  async #apply(): Promise<void> {
    for (const member of indexesOf(this.#wiring.members)) {
      this.#machines.filter(member, this.#rulesOf(member));
      this.#shape(member);
    }
    let conditions: Conditions = perfect;
    for (const fault of this.#faults)
      if (byRelay.includes(fault.kind)) conditions = { ...conditions, ...conditionOf(fault) };
    await this.#relay?.call('set', conditions);
  }

  /** What comes in is dropped; what goes out is sent twice. */
  #rulesOf(member: number): string[] {
    const rules: string[] = [];
    const drops = this.#faults.flatMap((fault) => [...lossOf(fault), ...this.#cutsInto(member, fault)]);
    if (drops.length > 0) {
      rules.push('add chain inet sdht in { type filter hook input priority 0; }', 'flush chain inet sdht in');
      rules.push(...drops.map((match) => `add rule inet sdht in ${match} drop`));
    }
    for (const fault of this.#faults) {
      if (fault.kind !== 'duplicate') continue;
      rules.push('add chain netdev sdht out { type filter hook egress device "wire0" priority 0; }');
      rules.push(`add rule netdev sdht out meta l4proto udp ${shareOf(fault.share)} dup to "wire0"`);
    }
    return rules;
  }

  #cutsInto(member: number, fault: NetworkFault): string[] {
    const from = cutsOf(fault, this.#wiring.members).filter(([, to]) => to === member);
    const ips = from.map(([other]) => (this.#wiring.relayed ? this.#machines.hubIp(other) : this.#machines.ip(other)));
    return ips.length === 0 ? [] : [`ip saddr { ${ips.join(', ')} }`];
  }

  /** A slow cable with a queue of 50 ms; what does not fit is lost. */
  #shape(member: number): void {
    const rate = this.#faults.find((fault) => fault.kind === 'rate')?.kilobitsPerSecond;
    const device = ['qdisc', 'replace', 'dev', 'wire0', 'root'];
    if (rate === undefined) this.#machines.run(member, 'tc', ...device, 'pfifo', 'limit', '1000');
    else
      this.#machines.run(
        member,
        'tc',
        ...device,
        'tbf',
        'rate',
        `${String(rate)}kbit`,
        'burst',
        '4kb',
        'latency',
        '50ms',
      );
  }
}

function lossOf(fault: NetworkFault): string[] {
  return fault.kind === 'loss' ? [`meta l4proto udp ${shareOf(fault.share)}`] : [];
}

function shareOf(share: number): string {
  return `numgen random mod 1000 < ${String(Math.round(share * 1000))}`;
}
