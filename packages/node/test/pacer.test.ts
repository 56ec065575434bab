import { expect, it } from 'vitest';
import { VirtualClock } from '@simpledht/transport';
import { Pacer } from '../src/pacer.ts';

function setUp(): {
  pacer: Pacer;
  pass: (ms: number) => void;
  endTurn: () => Promise<void>;
  unsent: { bytes: number };
} {
  const virtual = new VirtualClock();
  let passedMs = 0;
  const unsent = { bytes: 0 };
  const clock = Object.assign(Object.create(virtual) as VirtualClock, {
    monotonic: () => passedMs,
    defer: (callback: () => void) => {
      virtual.defer(callback);
    },
  });
  const pass = (ms: number): void => {
    passedMs += ms;
  };
  return { pacer: new Pacer(clock, () => unsent.bytes), pass, endTurn: () => virtual.advance(1), unsent };
}

it('lets writers go on while their turn is younger than 2 ms', () => {
  const { pacer, pass } = setUp();
  expect(pacer.wait()).toBeUndefined();
  pass(1.9);
  expect(pacer.wait()).toBeUndefined();
  pass(0.2);
  expect(pacer.wait()).toBeInstanceOf(Promise);
});

it('makes all writers of a long turn wait for the same next one, which is young again', async () => {
  const { pacer, pass, endTurn } = setUp();
  void pacer.wait();
  pass(3);
  const pause = pacer.wait();
  expect(pacer.wait()).toBe(pause);
  await endTurn();
  await pause;
  expect(pacer.wait()).toBeUndefined();
});

it('makes writers wait while much is unsent', () => {
  const { pacer, unsent } = setUp();
  unsent.bytes = 256 * 1024;
  expect(pacer.wait()).toBeInstanceOf(Promise);
});
