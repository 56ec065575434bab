import assert from 'node:assert/strict';
import type { Address } from '@simpledht/wire';
import type { DatagramSocket } from '../datagram-socket.ts';
import type { SuiteRunner } from './suite.ts';
import { assertSameBytes, defaultBoundMs, eventually, patterned, rejectsWith, within } from './suite.ts';

export interface DatagramSocketSuiteOptions {
  /** A new socket, not bound, that reaches the others that this makes. */
  readonly create: () => DatagramSocket;
  /** One that will bind an address that another has or had. */
  readonly createAt: (address: Address) => DatagramSocket;
  /** An address of the same kind that nobody has bound. */
  readonly nobody: Address;
  /** How long to wait for what must happen, ms. Default 5,000. */
  readonly boundMs?: number;
}

interface Heard {
  readonly datagram: Uint8Array;
  readonly from: Address;
}

interface BoundSocket {
  readonly socket: DatagramSocket;
  readonly heard: Heard[];
}

async function bound(socket: DatagramSocket): Promise<BoundSocket> {
  const heard: Heard[] = [];
  await socket.bind({
    onDatagram: (datagram, from) => {
      heard.push({ datagram, from });
    },
    onError: (error) => {
      throw error;
    },
  });
  return { socket, heard };
}

/** Everything that the DatagramSocket port promises. Datagrams may get lost, so the suite sends until one arrives. */
export function datagramSocketSuite(runner: SuiteRunner, options: DatagramSocketSuiteOptions): void {
  const boundMs = options.boundMs ?? defaultBoundMs;
  const test = (name: string, body: (open: () => Promise<BoundSocket>) => Promise<void>): void => {
    runner.it(name, async () => {
      const opened: DatagramSocket[] = [];
      const open = (): Promise<BoundSocket> => {
        const socket = options.create();
        opened.push(socket);
        return bound(socket);
      };
      try {
        await body(open);
      } finally {
        for (const socket of opened) await socket.close();
      }
    });
  };

  runner.describe('DatagramSocket', () => {
    test('a bound socket knows its address, names for it, and its buffer', async (open) => {
      const { socket } = await open();
      assert.doesNotMatch(socket.address, /:0$/);
      assert.ok(socket.localAddresses.length > 0);
      assert.ok(socket.receiveBufferBytes > 0);
      assert.equal(typeof socket.isLoopback(socket.address), 'boolean');
      assert.deepEqual(await socket.resolve(socket.address), [socket.address]);
      await rejectsWith(boundMs, socket.resolve('no port'), 'ERR_INVALID_ADDRESS');
    });

    test('datagrams of every size up to 8 KiB arrive whole, with their sender', async (open) => {
      const [sender, receiver] = [await open(), await open()];
      for (const size of [1, 27, 1200, 8192]) {
        const sent = patterned(size, size);
        const whole = (): Heard | undefined => receiver.heard.find(({ datagram }) => datagram.length === size);
        await eventually(`a datagram of ${String(size)} bytes`, boundMs, () => {
          sender.socket.send(sent, receiver.socket.address);
          return whole() !== undefined;
        });
        assertSameBytes(whole()?.datagram, sent, `datagram of ${String(size)} bytes`);
      }
      for (const { from } of receiver.heard) assert.equal(from, sender.socket.address);
    });

    test('an answer to the sender arrives', async (open) => {
      const [sender, receiver] = [await open(), await open()];
      await eventually('a datagram and its answer', boundMs, () => {
        sender.socket.send(patterned(9, 1), receiver.socket.address);
        for (const { from } of receiver.heard.splice(0)) receiver.socket.send(patterned(8, 2), from);
        return sender.heard.length > 0;
      });
      assertSameBytes(sender.heard[0]?.datagram, patterned(8, 2), 'answer');
    });

    test('delivery is never within a call of send', async (open) => {
      const [sender, receiver] = [await open(), await open()];
      await eventually('a datagram', boundMs, () => {
        const before = receiver.heard.length;
        sender.socket.send(patterned(9, 1), receiver.socket.address);
        assert.equal(receiver.heard.length, before, 'delivered before send returned');
        return receiver.heard.length > 0;
      });
    });

    test('the bytes that arrive belong to the receiver alone', async (open) => {
      const [sender, first, second] = [await open(), await open(), await open()];
      const sent = patterned(50, 3);
      await eventually('a datagram at both', boundMs, () => {
        for (const { socket } of [first, second]) sender.socket.send(sent, socket.address);
        first.heard[0]?.datagram.fill(0xff);
        return first.heard.length > 0 && second.heard.length > 0;
      });
      first.heard[0]?.datagram.fill(0xff);
      assertSameBytes(sent, patterned(50, 3), 'what was sent');
      assert.ok(!Buffer.isBuffer(second.heard[0]?.datagram), 'a Buffer, whose slice does not copy');
      assertSameBytes(second.heard[0]?.datagram, patterned(50, 3), 'what the other received');
    });

    test('what cannot be sent or has no receiver is a lost packet', async (open) => {
      const [sender, receiver] = [await open(), await open()];
      sender.socket.send(patterned(70_000, 1), receiver.socket.address);
      sender.socket.send(patterned(10, 1), options.nobody);
      await eventually('the next datagram', boundMs, () => {
        sender.socket.send(patterned(10, 2), receiver.socket.address);
        return receiver.heard.length > 0;
      });
      assertSameBytes(receiver.heard[0]?.datagram, patterned(10, 2), 'the next datagram');
    });

    test('an address in use is refused, and free again after close', async (open) => {
      const { socket } = await open();
      const { address } = socket;
      await rejectsWith(boundMs, bound(options.createAt(address)), 'ERR_ADDRESS_IN_USE');
      await within('close', boundMs, socket.close());
      const again = await bound(options.createAt(address));
      assert.equal(again.socket.address, address);
      await again.socket.close();
    });

    test('a closed socket hears nothing, sends nothing and may be closed again', async (open) => {
      const [sender, receiver] = [await open(), await open()];
      const { address } = receiver.socket;
      sender.socket.send(patterned(5, 1), address);
      await within('close', boundMs, receiver.socket.close());
      const before = receiver.heard.length;
      sender.socket.send(patterned(5, 1), address);
      receiver.socket.send(patterned(5, 1), sender.socket.address);
      await within('a second close', boundMs, receiver.socket.close());
      const third = await open();
      await eventually('a datagram at another', boundMs, () => {
        sender.socket.send(patterned(5, 1), third.socket.address);
        return third.heard.length > 0;
      });
      assert.equal(receiver.heard.length, before);
      assert.equal(sender.heard.length, 0);
    });
  });
}
