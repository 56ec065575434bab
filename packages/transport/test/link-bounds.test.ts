import { closeCode, resetBytes } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { LinkHarness, message } from './support/link-harness.ts';

const down = { type: 'down', reason: 'too much unanswered' };

/** The peer asks `count` times; gives the ids. */
function ask(link: LinkHarness, count: number, from = 0): number[] {
  const ids = Array.from({ length: count }, (_, index) => from + index);
  for (const id of ids) link.receive([message('request', id, new Uint8Array(1))]);
  return ids;
}

describe('a peer that asks and asks', () => {
  it('and takes no replies loses the link above maxReplyBytes of them', () => {
    const link = new LinkHarness({ settings: { maxReplyBytes: 10_000 } });
    for (const id of ask(link, 10)) link.link.reply(id, new Uint8Array(1000));
    link.flush();
    expect(link.effects).not.toContainEqual(down);
    for (const id of ask(link, 1, 10)) link.link.reply(id, new Uint8Array(1));
    link.flush();
    expect(link.effects.at(-1)).toEqual(down);
    expect(link.sent.at(-1)?.frames).toContainEqual({ type: 'close', code: closeCode.limit });
  });

  it('and takes them may have any number, and one of any size', () => {
    const link = new LinkHarness({ settings: { maxReplyBytes: 10_000, maxPendingRequests: 2 } });
    for (let id = 0; id < 50; id++) {
      ask(link, 1, id);
      link.link.reply(id, new Uint8Array(id === 7 ? 11_000 : 900));
      link.flush();
      for (let turn = 0; turn < 3; turn++) {
        link.acknowledge(...link.sent.map(({ number }) => number));
        link.advance(30);
      }
      link.sent = [];
    }
    expect(link.effects).not.toContainEqual(down);
  });

  it('may have 16 of the longest replies on the way', () => {
    const link = new LinkHarness();
    const longest = new Uint8Array(link.settings.maxMessageBytes);
    for (const id of ask(link, 16)) link.link.reply(id, longest);
    link.flush();
    expect(link.effects).not.toContainEqual(down);
    for (const id of ask(link, 1, 16)) link.link.reply(id, longest);
    link.flush();
    expect(link.effects.at(-1)).toEqual(down);
  });

  it('and waits for an answer keeps the link from being called quiet', () => {
    const link = new LinkHarness();
    expect(link.link.isQuiet).toBe(true);
    const [id = -1] = ask(link, 1);
    expect(link.link.isQuiet).toBe(false);
    link.link.reply(id, new Uint8Array(1));
    link.flush();
    expect(link.link.isQuiet).toBe(false);
    link.acknowledge(...link.sent.map(({ number }) => number));
    expect(link.link.isQuiet).toBe(true);
  });

  it('and gets no answer loses the link above twice maxPendingRequests: it gives up no more than it waits for', () => {
    const link = new LinkHarness({ settings: { maxPendingRequests: 5 } });
    ask(link, 10);
    expect(link.effects).not.toContainEqual(down);
    ask(link, 1, 10);
    expect(link.effects.at(-1)).toEqual(down);
  });
});

describe('a packet that elicits an acknowledgement', () => {
  it('is at least as long as a reset, and others are not padded', () => {
    const link = new LinkHarness();
    link.request(new Uint8Array(0));
    link.flush();
    expect(link.sent.map(({ bytes }) => bytes)).toEqual([resetBytes]);
    link.clear();
    link.acknowledge(0);
    link.receive([{ type: 'ping' }], { acknowledgeNow: true });
    expect(link.sent.map(({ frames }) => frames.map(({ type }) => type))).toEqual([['ack']]);
    expect(link.sent[0]?.bytes).toBeLessThan(resetBytes);
  });
});
