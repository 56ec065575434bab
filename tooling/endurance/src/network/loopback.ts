import { createSocket } from 'node:dgram';
import { Child } from '@simpledht/processes';
import { conditionOf, cutsOf, type Network, type NetworkFaultKind } from './network.ts';
import { perfect, type Conditions, type Place, type RelayOptions } from './relay.ts';

const host = '127.0.0.1';
const faults: readonly NetworkFaultKind[] = ['loss', 'duplicate', 'corrupt', 'delay', 'deaf', 'mute', 'split'];

/** Members on loopback behind a relay in a process of its own. Needs no rights. */
export async function loopbackNetwork(members: number, seed: number): Promise<Network> {
  const relay = new Child(new URL('../process/relay-process.ts', import.meta.url), []);
  let conditions: Conditions = perfect;
  const set = async (next: Conditions): Promise<void> => {
    conditions = next;
    await relay.call('set', conditions);
  };
  const fronts = Array.from({ length: members }, () => ({ host, port: 0 }));
  const addresses = await relay.call<string[]>('open', { seed, members: [], fronts } satisfies RelayOptions);
  return {
    faults,
    advertises: true,
    prefix: () => [],
    place: async (member) => {
      const place = await freePlace();
      await relay.call('move', member, place);
      return place;
    },
    address: (member) => at(addresses, member),
    begin: (fault) =>
      set({ ...conditions, ...conditionOf(fault), cut: [...conditions.cut, ...cutsOf(fault, members)] }),
    heal: () => set(perfect),
    close: () => relay.kill(),
  };
}

/** It was free a moment ago. */
async function freePlace(): Promise<Place> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, host, resolve);
  });
  const { port } = socket.address();
  await new Promise<void>((resolve) => {
    socket.close(resolve);
  });
  return { host, port };
}

export function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`There is no number ${String(index)}`);
  return item;
}
