import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { onAbort } from '../src/index.ts';

it('calls everyone once when the signal aborts, over one listener', () => {
  const controller = new AbortController();
  let calls = 0;
  const count = (): void => {
    calls++;
  };
  for (let index = 0; index < 20; index++) onAbort(controller.signal, count);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
  controller.abort();
  expect(calls).toBe(20);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
});

it('does not call who has taken it back, and leaves nothing on the signal when all have', () => {
  const { signal } = new AbortController();
  const called: string[] = [];
  const [first, second] = [onAbort(signal, () => called.push('first')), onAbort(signal, () => called.push('second'))];
  first();
  first();
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  second();
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  expect(called).toEqual([]);
});

it('goes on after all have taken it back', () => {
  const controller = new AbortController();
  onAbort(controller.signal, () => undefined)();
  let called = false;
  onAbort(controller.signal, () => (called = true));
  controller.abort();
  expect(called).toBe(true);
});

it('does not call who is taken back by another while the signal aborts', () => {
  const controller = new AbortController();
  const called: string[] = [];
  let takeBack = (): void => undefined;
  onAbort(controller.signal, () => {
    called.push('first');
    takeBack();
  });
  takeBack = onAbort(controller.signal, () => called.push('second'));
  controller.abort();
  expect(called).toEqual(['first']);
});
