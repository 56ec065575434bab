import { describe, expect, it } from 'vitest';
import type { DatagramSocket } from '../src/index.ts';
import { MemoryNetwork, seededRandom, VirtualClock, withFaults } from '../src/index.ts';
import { bytes } from './support/pair.ts';

describe('VirtualClock', () => {
  it('runs timers in order of time, then of setting, each at its time', async () => {
    const clock = new VirtualClock(1000);
    const ran: string[] = [];
    const note = (name: string) => (): void => {
      ran.push(`${name}@${String(clock.monotonic())}/${String(clock.now())}`);
    };
    clock.setTimeout(note('c'), 20);
    clock.setTimeout(note('a'), 10);
    clock.setTimeout(note('b'), 10);
    await clock.advance(15);
    expect(ran).toEqual(['a@10/1010', 'b@10/1010']);
    expect(clock.monotonic()).toBe(15);
    await clock.advance(5);
    expect(ran).toHaveLength(3);
  });

  it('runs what is deferred after promise callbacks, before the next timer', async () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    clock.setTimeout(() => {
      clock.defer(() => ran.push('deferred'));
      void Promise.resolve()
        .then(() => null)
        .then(() => ran.push('promise'));
    }, 1);
    clock.setTimeout(() => ran.push('timer'), 1.001);
    await clock.advance(2);
    expect(ran).toEqual(['promise', 'deferred', 'timer']);
  });

  it('does not run what was cancelled, even by a timer of the same instant', async () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    const first = clock.setTimeout(() => {
      clock.clearTimeout(second);
      clock.clearTimeout(first);
    }, 1);
    const second = clock.setTimeout(() => ran.push('second'), 1);
    const third = clock.setTimeout(() => ran.push('third'), 1);
    clock.clearTimeout(third);
    await clock.advance(10);
    expect(ran).toEqual([]);
  });

  it('stops at the moment when what is waited for holds', async () => {
    const clock = new VirtualClock();
    let count = 0;
    const tick = (): void => {
      count++;
      clock.setTimeout(tick, 1);
    };
    clock.setTimeout(tick, 1);
    expect(await clock.runUntil(() => count === 5, 1000)).toBe(true);
    expect(clock.monotonic()).toBe(5);
    expect(await clock.runUntil(() => false, 10)).toBe(false);
    expect(clock.monotonic()).toBe(15);
  });

  it('passes on what a callback throws', async () => {
    const clock = new VirtualClock();
    clock.setTimeout(() => {
      throw new Error('callback');
    }, 1);
    await expect(clock.advance(2)).rejects.toThrow('callback');
    await clock.advance(1);
  });

  it('runs 50,000 timers that come and go in order', async () => {
    const clock = new VirtualClock();
    const random = seededRandom(1);
    const ran: number[] = [];
    for (let index = 0; index < 50_000; index++) {
      const timer = clock.setTimeout(() => ran.push(clock.monotonic()), Math.floor(random.next() * 100));
      if (index % 3 > 0) clock.clearTimeout(timer);
    }
    await clock.advance(100);
    expect(ran).toHaveLength(16_667);
    expect(ran).toEqual(ran.toSorted((a, b) => a - b));
  });
});

interface Heard {
  readonly from: string;
  readonly datagram: Uint8Array;
}

async function listen(socket: DatagramSocket): Promise<Heard[]> {
  const heard: Heard[] = [];
  await socket.bind({
    onDatagram: (datagram, from) => heard.push({ from, datagram }),
    onError: (error) => {
      throw error;
    },
  });
  return heard;
}

describe('MemoryNetwork', () => {
  it('counts, shows and carries datagrams, and drops those that are too large', async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: seededRandom(1), delayMs: [5, 10], maxDatagramBytes: 100 });
    const a = network.socket('10.0.0.1:1');
    const b = network.socket('10.0.0.2:0');
    await listen(a);
    const heard = await listen(b);
    const seen: [string, string, number][] = [];
    network.onDatagram = (from, to, datagram) => seen.push([from, to, datagram.length]);
    a.send(bytes(100), b.address);
    a.send(bytes(101), b.address);
    a.send(bytes(3), '10.0.0.9:9');
    await clock.advance(4.9);
    expect(heard).toHaveLength(0);
    await clock.advance(5.1);
    expect(heard).toEqual([{ from: '10.0.0.1:1', datagram: bytes(100) }]);
    expect(seen).toEqual([
      ['10.0.0.1:1', b.address, 100],
      ['10.0.0.1:1', '10.0.0.9:9', 3],
    ]);
    expect(network.counters).toMatchObject({ datagrams: 2, bytes: 103, lost: 1 });
    expect(a.counters).toEqual({ datagramsTooLarge: 1 });
  });

  it('has a bottleneck to each host that queues, delays and drops at its end', async () => {
    const clock = new VirtualClock();
    const bottleneck = { bytesPerSecond: 100_000, queueBytes: 3000 };
    const network = new MemoryNetwork({ clock, random: seededRandom(1), bottleneck });
    const heardMs: number[] = [];
    for (const address of ['10.0.0.2:1', '10.0.0.2:2', '10.0.0.3:1']) {
      const onDatagram = (): number => heardMs.push(clock.monotonic());
      await network.socket(address).bind({ onDatagram, onError: () => undefined });
    }
    const [a, other] = [network.socket('10.0.0.1:1'), network.socket('10.0.0.4:1')];
    await listen(a);
    await listen(other);
    // 1,000 bytes with their headers: 10 ms each. Both senders share the line to 10.0.0.2.
    for (let index = 0; index < 3; index++) a.send(bytes(972), '10.0.0.2:1');
    for (let index = 0; index < 3; index++) other.send(bytes(972), '10.0.0.2:2');
    a.send(bytes(972), '10.0.0.3:1');
    await clock.advance(1000);
    expect(heardMs).toEqual([10, 10, 20, 30]);
    expect(network.counters.queueDrops).toBe(3);
  });

  it('fills the receive buffer of a process that does not read, as Linux charges it', async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: seededRandom(1), readEveryMs: 50, receiveBufferBytes: 212_992 });
    const a = network.socket('10.0.0.1:1');
    const b = network.socket('10.0.0.2:1');
    await listen(a);
    const heard = await listen(b);
    for (let index = 0; index < 100; index++) a.send(bytes(1200), b.address);
    await clock.advance(49);
    expect(heard).toHaveLength(0);
    await clock.advance(1);
    // 212,992 / 2,304
    expect(heard).toHaveLength(92);
    expect(network.counters.bufferDrops).toBe(8);
    a.send(bytes(1200), b.address);
    await clock.advance(50);
    expect(heard).toHaveLength(93);
  });

  it('repeats a run for the same seed', async () => {
    const run = async (seed: number): Promise<number[]> => {
      const clock = new VirtualClock();
      const network = new MemoryNetwork({ clock, random: seededRandom(seed), delayMs: [0, 100] });
      const a = withFaults(network.socket('10.0.0.1:1'), {
        clock,
        random: seededRandom(seed),
        faults: { lose: 0.3, duplicate: 0.3, corrupt: 0.3, reorder: 0.3 },
      });
      const b = network.socket('10.0.0.2:1');
      await listen(a);
      const heard = await listen(b);
      for (let index = 0; index < 100; index++) a.send(Uint8Array.of(index, index), b.address);
      await clock.advance(1000);
      return heard.flatMap(({ datagram }) => [...datagram]);
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });
});

describe('withFaults', () => {
  async function faulty(faults: object): Promise<{
    readonly clock: VirtualClock;
    readonly socket: ReturnType<typeof withFaults>;
    readonly heard: Heard[];
    readonly back: Heard[];
    readonly peer: DatagramSocket;
  }> {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: seededRandom(1) });
    const socket = withFaults(network.socket('10.0.0.1:1'), { clock, random: seededRandom(2), faults });
    const peer = network.socket('10.0.0.2:1');
    const back = await listen(socket);
    return { clock, socket, peer, heard: await listen(peer), back };
  }

  async function send(faults: object, count = 1000): Promise<Heard[]> {
    const { clock, socket, peer, heard } = await faulty(faults);
    for (let index = 0; index < count; index++) socket.send(Uint8Array.of(index >> 8, index), peer.address);
    await clock.advance(1000);
    return heard;
  }

  const number = ({ datagram: [high = 0, low = 0] }: Heard): number => high * 256 + low;

  it('loses, repeats and flips bits in the parts asked for', async () => {
    expect((await send({ lose: 0.2 })).length).toBeCloseTo(800, -2);
    expect((await send({ duplicate: 0.2 })).length).toBeCloseTo(1200, -2);
    const flipped = (await send({ corrupt: 0.5 })).filter((heard, index) => number(heard) !== index);
    expect(flipped.length).toBeCloseTo(500, -2);
    expect(await send({ lose: 1 })).toHaveLength(0);
  });

  it('delays and reorders', async () => {
    const late = await send({ reorder: 0.3, reorderMs: 50 });
    expect(late).toHaveLength(1000);
    expect(late.map(number)).not.toEqual(late.map(number).toSorted((a, b) => a - b));
    const { clock, socket, peer, heard } = await faulty({ delayMs: [30, 40] });
    socket.send(bytes(1), peer.address);
    await clock.advance(29);
    expect(heard).toHaveLength(0);
    await clock.advance(11);
    expect(heard).toHaveLength(1);
  });

  it('cuts one way or both, and heals, while it runs', async () => {
    const { clock, socket, peer, heard, back } = await faulty({});
    const exchange = async (): Promise<[number, number]> => {
      heard.length = 0;
      back.length = 0;
      socket.send(bytes(1), peer.address);
      peer.send(bytes(1), socket.address);
      await clock.advance(1);
      return [heard.length, back.length];
    };
    expect(await exchange()).toEqual([1, 1]);
    socket.cut(peer.address, 'out');
    expect(await exchange()).toEqual([0, 1]);
    socket.cut(peer.address, 'in');
    expect(await exchange()).toEqual([1, 0]);
    socket.cut(peer.address);
    expect(await exchange()).toEqual([0, 0]);
    socket.heal();
    expect(await exchange()).toEqual([1, 1]);
    socket.setFaults({ lose: 1 });
    expect(await exchange()).toEqual([0, 1]);
  });
});
