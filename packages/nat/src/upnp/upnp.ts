import { withDeadline } from '../deadline.ts';
import type { Mapping, MappingRequest } from '../mapper.ts';
import { mapAt } from './router.ts';
import { findRouters } from './search.ts';

/** How long routers are looked for; one that is there answers within the second that it is given. */
const searchMs = 3000;

/** For what a router is told to do. It is not ended by `signal`: what has begun has to end with something known. */
const callMs = 5000;

/** By UPnP IGD: the first router that gives a mapping. `signal` ends the search. */
export async function mapByUpnp(request: MappingRequest): Promise<Mapping> {
  return withDeadline(searchMs, request.signal, async (signal) => {
    let reason = 'no router answers';
    for await (const location of findRouters(signal)) {
      try {
        return await withDeadline(callMs, undefined, (calls) => mapAt(location, request, calls));
      } catch (error) {
        reason = `${location.host}: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
    throw new Error(`UPnP: ${reason}`);
  });
}
