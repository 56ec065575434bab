import type { Clock, Logger, Random } from '@simpledht/transport';
import type { TcpSettings } from '../core/settings.ts';
import type { Admission } from './admission.ts';
import type { Counters } from './counters.ts';
import type { Dialer } from './dialer.ts';

/** What an endpoint is made of. */
export interface EndpointParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly settings: TcpSettings;
  readonly counters: Counters;
  readonly dialer: Dialer;
  readonly admission: Admission | undefined;
  /** Where peers can call this transport; 0: nowhere. */
  readonly port: number;
}
