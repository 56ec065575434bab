import { describe, expect, it } from 'vitest';
import type { SuiteRunner } from '../src/compliance/index.ts';
import { datagramSocketSuite, transportSuite } from '../src/compliance/index.ts';
import type { DatagramSocket, RequestOptions, Transport, TransportHandlers } from '../src/index.ts';
import { datagramTransport, MemoryNetwork } from '../src/index.ts';

/** Names of the tests of a suite that fail. */
async function failures(suite: (runner: SuiteRunner) => void): Promise<string[]> {
  const tests: [string, () => Promise<void>][] = [];
  suite({
    describe: (_name, body) => {
      body();
    },
    it: (name, body) => tests.push([name, body]),
  });
  const outcomes = await Promise.all(
    tests.map(async ([name, body]) => {
      try {
        await body();
        return [];
      } catch {
        return [name];
      }
    }),
  );
  return outcomes.flat();
}

type Change<Port> = (good: Port) => Partial<Port>;

/** The good one with some members replaced. */
function changed<Port extends object>(good: Port, change: Change<Port>): Port {
  const replaced = change(good);
  return new Proxy(good, {
    get: (target, name) => {
      const source: object = name in replaced ? replaced : target;
      const member: unknown = Reflect.get(source, name, source);
      return typeof member === 'function'
        ? (...args: unknown[]): unknown => Reflect.apply(member, source, args)
        : member;
    },
  });
}

function transportFailures(change: Change<Transport>, boundMs = 300): Promise<string[]> {
  const network = new MemoryNetwork();
  const wrong = (socket: DatagramSocket): Transport => changed(datagramTransport({ socket }), change);
  return failures((runner) => {
    transportSuite(runner, {
      create: () => wrong(network.socket()),
      createAt: (address) => wrong(network.socket(address)),
      nobody: '10.0.0.9:9',
      longestBytes: 50_000,
      boundMs,
    });
  });
}

function socketFailures(change: Change<DatagramSocket>): Promise<string[]> {
  const network = new MemoryNetwork();
  return failures((runner) => {
    datagramSocketSuite(runner, {
      create: () => changed(network.socket(), change),
      createAt: (address) => changed(network.socket(address), change),
      nobody: '10.0.0.9:9',
      boundMs: 200,
    });
  });
}

/** `open` with other handlers. */
function hearing(change: (handlers: TransportHandlers) => Partial<TransportHandlers>): Change<Transport> {
  return (good) => ({ open: (handlers) => good.open({ ...handlers, ...change(handlers) }) });
}

/** `request` with another outcome. */
function asking(
  change: (good: Transport, to: string, payload: Uint8Array, options?: RequestOptions) => Promise<Uint8Array>,
): Change<Transport> {
  return (good) => ({ request: (to, payload, options) => change(good, to, payload, options) });
}

describe('the Transport suite', () => {
  it('passes what is right', async () => {
    expect(await transportFailures(() => ({}), 10_000)).toEqual([]);
  });

  const wrong: Readonly<Record<string, Change<Transport>>> = {
    'executes a request twice': hearing((handlers) => ({
      onRequest: (from, payload, reply) => {
        handlers.onRequest(from, payload, reply);
        handlers.onRequest(from, payload, () => undefined);
      },
    })),
    'loses long messages': asking((good, to, payload, options) =>
      payload.length > 60_000 ? new Promise(() => undefined) : good.request(to, payload, options),
    ),
    'cuts long messages short': asking((good, to, payload, options) =>
      good.request(to, payload.subarray(0, 65_000), options),
    ),
    'forgets what waits when it closes': asking((good, to, payload, options) =>
      good.request(to, payload, options).catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ERR_CLOSED')
          return new Promise(() => undefined);
        throw error;
      }),
    ),
    'gives every asker the last reply': (good) => {
      let last = new Uint8Array(0);
      return {
        request: async (to, payload, options) => {
          const reply = await good.request(to, payload, options);
          await new Promise((resolve) => setTimeout(resolve, 5));
          return (last = reply.length > last.length ? new Uint8Array(reply) : last);
        },
      };
    },
    'ignores signals': asking((good, to, payload, options) =>
      good.request(to, payload, { ...(options?.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }) }),
    ),
    'never times out': asking((good, to, payload, options) =>
      good.request(to, payload, { ...options, timeoutMs: 600_000 }),
    ),
    'hands over within the call': (good) => {
      let heard: TransportHandlers | undefined;
      return {
        open: (handlers) => {
          heard = handlers;
          return good.open(handlers);
        },
        send: (to, payload) => {
          heard?.onDatagram(to, payload);
          good.send(to, payload);
        },
      };
    },
    'truncates best-effort payloads': (good) => ({
      send: (to, payload) => {
        good.send(to, payload.subarray(0, 1000));
      },
    }),
    'lets the last reply win': hearing((handlers) => ({
      onRequest: (from, payload, reply) => {
        let answer: Uint8Array | undefined;
        handlers.onRequest(from, payload, (given) => {
          answer = given;
          setImmediate(() => {
            reply(answer ?? given);
          });
        });
      },
    })),
    'keeps link events to itself': hearing(() => ({ onEvent: () => undefined })),
    'sends everything in order': (good) => {
      let last: Promise<unknown> = Promise.resolve();
      return {
        request: (to, payload, options) => {
          const request = last.then(() => good.request(to, payload, options));
          last = request.catch(() => undefined);
          return request;
        },
      };
    },
    'hands over one buffer again and again': hearing((handlers) => {
      const shared = new Uint8Array(100_000);
      return {
        onRequest: (from, payload, reply) => {
          shared.set(payload.subarray(0, shared.length));
          handlers.onRequest(from, shared.subarray(0, payload.length), reply);
        },
      };
    }),
    'hands over Buffers': hearing((handlers) => ({
      onRequest: (from, payload, reply) => {
        handlers.onRequest(from, Buffer.from(payload), reply);
      },
    })),
    'throws at what is no address': (good) => ({
      send: (to, payload) => {
        if (!to.includes(':')) throw new Error('not an address');
        good.send(to, payload);
      },
    }),
    'drops payloads that are too long without a word': (good) => ({
      send: (to, payload) => {
        if (payload.length <= good.maxDatagramBytes) good.send(to, payload);
      },
    }),
    'takes replies that are too long': hearing((handlers) => ({
      onRequest: (from, payload, reply) => {
        handlers.onRequest(from, payload, (answer) => {
          if (answer.length <= 16_000_000) reply(answer);
        });
      },
    })),
    'holds on to signals': asking((good, to, payload, options) => {
      options?.signal?.addEventListener('abort', () => undefined);
      return good.request(to, payload, options);
    }),
    'does not come through a handler that throws': (good) => {
      let broken = false;
      return {
        open: (handlers) =>
          good.open({
            ...handlers,
            onRequest: (from, payload, reply) => {
              if (!broken) handlers.onRequest(from, payload, reply);
            },
            onDatagram: (from, payload) => {
              try {
                handlers.onDatagram(from, payload);
              } catch (error) {
                broken = true;
                throw error;
              }
            },
          }),
      };
    },
    'opens twice': (good) => {
      let opened: Promise<void> | undefined;
      return { open: (handlers) => (opened ??= good.open(handlers)) };
    },
    'sends before it is open': (good) => ({
      request: (to, payload, options) =>
        good.counters['datagramsIn'] === undefined
          ? Promise.reject(new Error('not yet'))
          : good.request(to, payload, options),
    }),
    'counts backwards': (good) => {
      let reads = 0;
      return {
        get counters() {
          return { ...good.counters, datagramsOut: 1000 - reads++ };
        },
      };
    },
    'refuses nothing, however much waits': asking(async (good, to, payload, options) => {
      for (;;) {
        try {
          return await good.request(to, payload, options);
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === 'ERR_LIMIT_REACHED')) throw error;
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
    }),
    'hears on after close': (good) => {
      let heard: TransportHandlers | undefined;
      return {
        open: (handlers) => {
          heard = handlers;
          return good.open(handlers);
        },
        close: async () => {
          await good.close();
          setTimeout(() => heard?.onDatagram('late', new Uint8Array(1)), 20);
        },
      };
    },
  };

  /** The test that has to see it, where it is not for several. */
  const seenBy: Readonly<Record<string, string>> = {
    'sends everything in order': 'a small request is not stuck behind long ones',
    'hands over one buffer again and again': 'the bytes that arrive belong to the receiver, for good',
    'hands over Buffers': 'the bytes that arrive belong to the receiver, for good',
    'throws at what is no address': 'a text that is no address harms nobody',
    'drops payloads that are too long without a word': 'a best-effort payload that is too long is refused',
    'takes replies that are too long':
      'a message of the largest size arrives, and one byte more is refused, asked and answered',
    'holds on to signals': 'a signal that outlives its requests is not held on to',
    'does not come through a handler that throws': 'whatever handlers throw, the transport goes on',
    'opens twice': 'nothing works before open, a transport opens once, and not after close',
    'sends before it is open': 'nothing works before open, a transport opens once, and not after close',
    'counts backwards': 'counters are numbers, with names that stay, and never go down',
    'refuses nothing, however much waits': 'what waits for one peer is bounded, told, and forgotten when it is aborted',
  };

  it.each(Object.entries(wrong))('rejects one that %s', async (name, change) => {
    const failed = await transportFailures(change);
    expect(failed).not.toEqual([]);
    const seen = seenBy[name];
    if (seen !== undefined) expect(failed).toContain(seen);
  });
});

describe('the DatagramSocket suite', () => {
  it('passes what is right', async () => {
    expect(await socketFailures(() => ({}))).toEqual([]);
  });

  const wrong: Readonly<Record<string, Change<DatagramSocket>>> = {
    'truncates silently': (good) => ({
      send: (datagram, to) => {
        good.send(datagram.subarray(0, 4096), to);
      },
    }),
    'names a wrong sender': (good) => ({
      bind: (handlers) =>
        good.bind({
          ...handlers,
          onDatagram: (datagram) => {
            handlers.onDatagram(datagram, '10.0.0.9:9');
          },
        }),
    }),
    'delivers Buffers': (good) => ({
      bind: (handlers) =>
        good.bind({
          ...handlers,
          onDatagram: (datagram, from) => {
            handlers.onDatagram(Buffer.from(datagram), from);
          },
        }),
    }),
    'throws when a datagram is too large': (good) => ({
      send: (datagram, to) => {
        if (datagram.length > 65_507) throw new Error('EMSGSIZE');
        good.send(datagram, to);
      },
    }),
    'shares an address': (good) => ({
      bind: (handlers) => good.bind(handlers).catch(() => undefined),
    }),
    'hears on after close': (good) => ({ close: () => (good.address === '' ? good.close() : Promise.resolve()) }),
  };

  it.each(Object.entries(wrong))('rejects one that %s', async (_name, change) => {
    expect(await socketFailures(change)).not.toEqual([]);
  });

  it('rejects one that delivers within send, and shares bytes', async () => {
    const sockets = new Map<string, (datagram: Uint8Array, from: string) => void>();
    const network = new MemoryNetwork();
    const direct: Change<DatagramSocket> = (good) => ({
      bind: async (handlers) => {
        await good.bind(handlers);
        sockets.set(good.address, (datagram, from) => {
          handlers.onDatagram(datagram, from);
        });
      },
      send: (datagram, to) => {
        sockets.get(to)?.(datagram, good.address);
      },
    });
    const failed = await failures((runner) => {
      datagramSocketSuite(runner, {
        create: () => changed(network.socket(), direct),
        createAt: (address) => changed(network.socket(address), direct),
        nobody: '10.0.0.9:9',
        boundMs: 200,
      });
    });
    expect(failed).toContain('delivery is never within a call of send');
    expect(failed).toContain('the bytes that arrive belong to the receiver alone');
  });
});
