import type { Gateway } from '@achingbrain/nat-port-mapper';
import { localAddressTowards } from '../addresses.ts';
import { withDeadline } from '../deadline.ts';
import type { Mapping, MappingRequest } from '../mapper.ts';
import { removeMapping } from './removal.ts';
import { findRouters } from './search.ts';

/** What routers show in their list of mappings. */
const description = 'simpledht';

/** How long routers are looked for; one that is there answers within the second that it is given. */
const searchMs = 3000;

/** For what a router is told to do. It is not ended by `signal`: what has begun has to end with something known. */
const callMs = 5000;

/** By UPnP IGD (version 2): the first router that gives a mapping. `signal` ends the search. */
export async function mapByUpnp(request: MappingRequest): Promise<Mapping> {
  // Loaded when it is used: a node without a mapping does without its 36 packages.
  const { upnpNat } = await import('@achingbrain/nat-port-mapper');
  const client = upnpNat({ autoRefresh: false });
  return withDeadline(searchMs, request.signal, async (signal) => {
    let reason = 'no router answers';
    for await (const location of findRouters(signal)) {
      try {
        return await withDeadline(callMs, undefined, async (calls) =>
          mapAt(await client.getGateway(location, { signal: calls }), request, calls),
        );
      } catch (error) {
        reason = `${location.host}: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
    throw new Error(`UPnP: ${reason}`);
  });
}

async function mapAt(gateway: Gateway, request: MappingRequest, signal: AbortSignal): Promise<Mapping> {
  const { internalPort, externalPort, leaseMs } = request;
  const internalHost = request.internalHost ?? (await localAddressTowards(gateway.host));
  const options = { protocol: 'udp', externalPort, ttl: leaseMs, description, signal } as const;
  const { externalPort: given } = await gateway.map(internalPort, internalHost, options);
  return {
    externalHost: await gateway.externalIp({ signal }),
    externalPort: given,
    via: 'UPnP',
    remove: (removeSignal) => removeMapping(gateway, given, removeSignal),
  };
}
