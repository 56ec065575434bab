import { afterEach, expect, test, vi } from 'vitest';
import { StopRequest } from '../src/start/stop-request.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test('one key press may be heard twice; a second one ends the process', async () => {
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
  const now = vi.spyOn(performance, 'now');
  const stop = new StopRequest();
  // Ours alone: the test runner listens as well.
  const press = process.listeners('SIGINT').at(-1);

  now.mockReturnValue(1000);
  press?.('SIGINT');
  expect(await stop.requested).toBe('SIGINT');
  now.mockReturnValue(1200);
  press?.('SIGINT');
  expect(kill).not.toHaveBeenCalled();
  now.mockReturnValue(1300);
  press?.('SIGINT');
  expect(kill).toHaveBeenCalledWith(process.pid, 'SIGINT');
  expect(process.listeners('SIGINT')).not.toContain(press);
  stop.close();
});

test('signals that come when all is done do nothing, and soon nobody listens to them', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
  const before = process.listenerCount('SIGINT');
  const stop = new StopRequest();
  const press = process.listeners('SIGINT').at(-1);
  press?.('SIGINT');
  vi.advanceTimersByTime(1000);
  stop.close();

  expect(process.listeners('SIGINT')).toContain(press);
  press?.('SIGINT');
  expect(kill).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1000);
  expect(process.listenerCount('SIGINT')).toBe(before);
});
