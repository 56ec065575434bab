import type { Address } from '@simpledht/wire';
import type { Transport } from '../transport.ts';
import { ListeningTransport } from './listening-transport.ts';
import type { SuiteRunner } from './suite.ts';
import { defaultBoundMs } from './suite.ts';
import { testDatagrams } from './transport-datagrams.ts';
import { testHazards } from './transport-hazards.ts';
import { testLifecycle } from './transport-lifecycle.ts';
import { testLoad } from './transport-load.ts';
import { testRequests } from './transport-requests.ts';

export interface TransportSuiteOptions {
  /** A new transport, not open, that reaches the others that this makes. */
  readonly create: () => Transport;
  /** One that will listen at an address that another had or has; without it a few tests are left out. */
  readonly createAt?: (address: Address) => Transport;
  /** An address of the same kind at which nobody listens. */
  readonly nobody: Address;
  /** Longest message to try where longer ones would take too long; `maxMessageBytes` of the transport by default. */
  readonly longestBytes?: number;
  /** How long to wait for what must happen, ms. Default 5,000. */
  readonly boundMs?: number;
}

/** What the tests of the suite work with. */
export interface TransportTests {
  readonly runner: SuiteRunner;
  readonly options: TransportSuiteOptions;
  readonly boundMs: number;
  /** A test with transports that are closed after it, whatever happens. */
  readonly test: (name: string, body: (open: (at?: Address) => Promise<ListeningTransport>) => Promise<void>) => void;
}

/** Everything that the Transport port promises. Run it with your test runner: `transportSuite({ describe, it }, …)`. */
export function transportSuite(runner: SuiteRunner, options: TransportSuiteOptions): void {
  const test: TransportTests['test'] = (name, body) => {
    runner.it(name, async () => {
      const opened: ListeningTransport[] = [];
      const open = async (at?: Address): Promise<ListeningTransport> => {
        const made = at === undefined ? options.create() : options.createAt?.(at);
        const listening = new ListeningTransport(made ?? options.create());
        opened.push(listening);
        return listening.open();
      };
      try {
        await body(open);
      } finally {
        for (const { transport } of opened) await transport.close();
      }
    });
  };
  const tests = { runner, options, boundMs: options.boundMs ?? defaultBoundMs, test };
  runner.describe('Transport', () => {
    testRequests(tests);
    testDatagrams(tests);
    testLoad(tests);
    testHazards(tests);
    testLifecycle(tests);
  });
}
