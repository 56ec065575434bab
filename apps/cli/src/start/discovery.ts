import type { NodeOptions } from '@simpledht/node';
import type { StartOptions } from './report.ts';

/** What a node needs to find others on the local network. */
export async function nodeDiscovery({
  discover = false,
  transport,
}: Pick<StartOptions, 'discover' | 'transport'>): Promise<Pick<NodeOptions, 'discovery'>> {
  if (!discover) return {};
  const { lanDiscovery } = await import('@simpledht/discovery-lan');
  return { discovery: lanDiscovery({ protocol: transport }) };
}
