import type { VersionRange } from '@simpledht/wire';
import type { Clock } from '../clock.ts';
import type { DatagramSocket } from '../datagram-socket.ts';
import type { Logger } from '../logger.ts';
import type { Random } from '../random.ts';
import type { ClusterKey } from '../sealing/keyring.ts';
import type { TransportSettings } from './settings.ts';

/** What an endpoint is made of. */
export interface EndpointParts {
  readonly socket: DatagramSocket;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly settings: TransportSettings;
  /** The cluster's secrets; without any, links are not sealed. */
  readonly keyring?: readonly ClusterKey[] | undefined;
  readonly versions: VersionRange;
}
