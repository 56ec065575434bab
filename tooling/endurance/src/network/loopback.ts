import { createSocket } from 'node:dgram';
import { Child } from '@simpledht/processes';
import { conditionOf, cutsOf, type Network, type NetworkFaultKind } from './network.ts';
import { perfect, type Conditions, type Place, type RelayOptions } from './relay.ts';

const host = '127.0.0.1';
const faults: readonly NetworkFaultKind[] = ['loss', 'duplicate', 'corrupt', 'delay', 'deaf', 'mute', 'split'];

/** Members on loopback behind a relay in a process of its own. Needs no rights. */
export async function loopbackNetwork(members: number, seed: number): Promise<Network> {
  const places = await freePlaces(members);
  const relay = new Child(new URL('../process/relay-process.ts', import.meta.url), []);
  let conditions: Conditions = perfect;
  const set = async (next: Conditions): Promise<void> => {
    conditions = next;
    await relay.call('set', conditions);
  };
  const fronts = places.map(() => ({ host, port: 0 }));
  const addresses = await relay.call<string[]>('open', { seed, members: places, fronts } satisfies RelayOptions);
  return {
    faults,
    advertises: true,
    prefix: () => [],
    place: (member) => at(places, member),
    address: (member) => at(addresses, member),
    begin: (fault) =>
      set({ ...conditions, ...conditionOf(fault), cut: [...conditions.cut, ...cutsOf(fault, members)] }),
    heal: () => set(perfect),
    close: () => relay.kill(),
  };
}

/** Ports that were free a moment ago: a member that is restarted needs the one that it had. */
async function freePlaces(count: number): Promise<Place[]> {
  const sockets = Array.from({ length: count }, () => createSocket('udp4'));
  const places: Place[] = [];
  for (const socket of sockets) {
    await new Promise<void>((resolve) => socket.bind(0, host, resolve));
    places.push({ host, port: socket.address().port });
  }
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve) =>
          socket.close(() => {
            resolve();
          }),
        ),
    ),
  );
  return places;
}

export function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`There is no number ${String(index)}`);
  return item;
}
