import { defaultGateway } from './addresses.ts';
import type { Mapping, MappingRequest, PortMapper } from './mapper.ts';
import { mapByPmp } from './nat-pmp.ts';
import { mapByUpnp } from './upnp/upnp.ts';

/** Asks the router by UPnP IGD, then by NAT-PMP. Nothing is kept between two calls, so a router may be replaced. */
export function routerMapper(): PortMapper {
  return {
    async map(request: MappingRequest): Promise<Mapping> {
      const reasons: string[] = [];
      for (const way of [mapByUpnp, mapByDefaultPmp]) {
        try {
          return await way(request);
        } catch (error) {
          request.signal.throwIfAborted();
          reasons.push(error instanceof Error ? error.message : String(error));
        }
      }
      throw new Error(reasons.join('; '));
    },
  };
}

async function mapByDefaultPmp(request: MappingRequest): Promise<Mapping> {
  const router = await defaultGateway();
  if (router === undefined) throw new Error('NAT-PMP: no default router is known');
  return mapByPmp(router, request);
}
