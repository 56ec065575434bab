import { discoverySuite } from '@simpledht/transport/compliance';
import { describe, it } from 'vitest';
import { lanDiscovery } from '../src/index.ts';
import { whyNoMulticast } from './support/loopback.ts';
import { quick } from './support/quick.ts';

const reason = await whyNoMulticast();

/** Where a node listens on loopback alone, it is announced there alone: nothing leaves this machine. */
describe.skipIf(reason !== undefined)(`on loopback${reason === undefined ? '' : `, skipped: ${reason}`}`, () => {
  discoverySuite(
    { describe, it },
    {
      create: () => lanDiscovery({ settings: quick }),
      address: (index) => `127.0.0.1:${String(40_000 + index)}`,
    },
  );
});
