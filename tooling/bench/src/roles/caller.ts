import { connect } from '@simpledht/node';
import { serve } from '@simpledht/processes';

/* A client in a process of its own. */

const value = new Uint8Array(100).fill(7);

export interface Calls {
  readonly port: number;
  readonly verb: 'put' | 'get';
  readonly acks: 'local' | 'all';
  readonly count: number;
  readonly inFlight: number;
  readonly secret?: string;
}

serve({
  /** `count` calls with `inFlight` on their way: p50 in µs and rate per second. */
  async run({ port, verb, acks, count, inFlight, secret }: Calls) {
    const client = await connect({ port, ...(secret === undefined ? {} : { secret }) });
    const times: number[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let i = next++; i < count; i = next++) {
        const key = `key${String(i % 10_000).padStart(17, '0')}`;
        const begun = performance.now();
        if (verb === 'put') await client.put(key, value, { acks });
        else await client.get(key);
        times.push(performance.now() - begun);
      }
    };
    const begun = performance.now();
    await Promise.all(Array.from({ length: inFlight }, worker));
    const seconds = (performance.now() - begun) / 1000;
    await client.close();
    times.sort((a, b) => a - b);
    return { p50us: (times[times.length >> 1] ?? 0) * 1000, perSecond: count / seconds };
  },
});
