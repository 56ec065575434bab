import { isIPv4 } from 'node:net';
import { localAddressTowards } from '../addresses.ts';
import type { Mapping, MappingRequest } from '../mapper.ts';
import { connectionOf } from './connection.ts';
import { servicesAt } from './description.ts';
import { addMapping, deleteMapping } from './mappings.ts';

/** Maps the port on the router whose description is at `location`. */
export async function mapAt(location: URL, request: MappingRequest, signal: AbortSignal): Promise<Mapping> {
  const { internalPort, externalPort, leaseMs } = request;
  const internalHost = request.internalHost ?? (await localAddressTowards(location.hostname));
  if (!isIPv4(internalHost)) throw new Error(`${internalHost} is no IPv4 address, and it maps no others`);
  const services = await servicesAt(location, signal);
  if (services.length === 0) throw new Error('it maps no ports');
  const { service, externalHost } = await connectionOf(services, signal);
  // Last, so that nothing that fails leaves a mapping behind.
  const given = await addMapping(service, { externalPort, internalPort, internalHost, leaseMs }, signal);
  return {
    externalHost,
    externalPort: given,
    via: 'UPnP',
    remove: (removeSignal) => deleteMapping(service, given, removeSignal),
  };
}
