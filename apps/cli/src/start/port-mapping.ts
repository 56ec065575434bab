import type { PortMap } from '@simpledht/nat';
import type { DHTNode } from '@simpledht/node';
import { isWildcard } from '../addresses.ts';
import type { Report } from './report.ts';

/** Has the router forward the node's port, and tells the others. `advertise`: what a person says is stronger. */
export async function startMapping(node: DHTNode, report: Report, advertise: string | undefined): Promise<PortMap> {
  // Only who asks for it waits for it.
  const { mapPort } = await import('@simpledht/nat');
  const { host, port } = node;
  return mapPort({
    port,
    ...(isWildcard(host) ? {} : { host }),
    onEvent: (event) => {
      if (advertise === undefined) node.advertise(event.type === 'mapped' ? event.address : undefined);
      if (event.type === 'mapped') report.mapped(event.address, event.via);
      else report.notMapped(event.reason);
    },
  });
}
