import { expect, it } from 'vitest';
import { RequestQueue } from '../src/endpoint/request-queue.ts';
import { defaultTransportSettings, VirtualClock } from '../src/index.ts';

const settings = {
  ...defaultTransportSettings,
  turnMs: 1,
  busyTurnMs: 0.1,
  busyDatagrams: 32,
  maxWaitingRequestBytes: 1000,
};

/** A queue whose owner takes `requestMs` for each request, and whom it served. */
function scene(requestMs: number): {
  readonly queue: RequestQueue<object>;
  readonly served: string[];
  readonly turn: () => boolean;
  readonly links: readonly [object, object];
} {
  const served: string[] = [];
  let nowMs = 0;
  const [greedy, modest] = [{}, {}];
  const queue = new RequestQueue<object>(settings, (link, requestId) => {
    served.push(`${link === greedy ? 'greedy' : 'modest'} ${String(requestId)}`);
    nowMs += requestMs;
  });
  const clock = Object.assign(new VirtualClock(), { monotonic: () => nowMs });
  return { queue, served, turn: () => queue.serve(clock), links: [greedy, modest] };
}

function waiting(queue: RequestQueue<object>, link: object, count: number, bytes = 1): void {
  for (let requestId = 0; requestId < count; requestId++) queue.add(link, requestId, new Uint8Array(bytes));
}

it('serves one request of each link after the other, each in its order', () => {
  const { queue, served, turn, links } = scene(0);
  waiting(queue, links[0], 3);
  waiting(queue, links[1], 2);
  expect(turn()).toBe(false);
  expect(served).toStrictEqual(['greedy 0', 'modest 0', 'greedy 1', 'modest 1', 'greedy 2']);
});

it('ends a turn after its time, one of each link at least, and goes on in the next', () => {
  const { queue, served, turn, links } = scene(0.4);
  waiting(queue, links[0], 5);
  waiting(queue, links[1], 1);
  expect(turn()).toBe(true);
  expect(served).toStrictEqual(['greedy 0', 'modest 0', 'greedy 1', 'greedy 2'].slice(0, 3));
  expect(turn()).toBe(false);
  expect(served).toHaveLength(6);
});

it('gives answers little time while more datagrams wait', () => {
  const { queue, served, turn, links } = scene(0.06);
  waiting(queue, links[0], 30);
  for (let index = 0; index < 32; index++) queue.onDatagram();
  expect(turn()).toBe(true);
  expect(served).toHaveLength(2);
  for (let index = 0; index < 31; index++) queue.onDatagram();
  expect(turn()).toBe(true);
  expect(served).toHaveLength(2 + 17);
});

it('is full for a link with its share, and not for another; less is left for each the more there are', () => {
  const { queue, links } = scene(0);
  waiting(queue, links[0], 4, 100);
  expect(queue.isFull(links[0])).toBe(false);
  waiting(queue, links[0], 1, 100);
  expect(queue.isFull(links[0])).toBe(true);
  waiting(queue, links[1], 3, 100);
  expect(queue.isFull(links[1])).toBe(false);
  waiting(queue, links[1], 1, 100);
  expect(queue.isFull(links[1])).toBe(true);
});

it('takes the time in which nothing was asked for none', () => {
  const { queue, served, turn, links } = scene(0);
  for (let index = 0; index < 1000; index++) queue.onDatagram();
  expect(turn()).toBe(false);
  waiting(queue, links[0], 3);
  expect(turn()).toBe(false);
  expect(served).toHaveLength(3);
});

it('forgets what a link asked that has ended, also while it serves', () => {
  const { queue, served, turn, links } = scene(0);
  waiting(queue, links[0], 3);
  queue.forget(links[0]);
  expect(turn()).toBe(false);
  expect(served).toStrictEqual([]);
});
