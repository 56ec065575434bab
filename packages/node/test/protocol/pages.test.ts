import { readdir, readFile } from 'node:fs/promises';
import { encodeMessage, isNodeId } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { decodePacket } from './decoder.ts';

const pages = new URL('../../../../docs/protocol/', import.meta.url);

/** A line for each field, long ones on several. */
function printed(packet: Buffer): string {
  const lines = decodePacket(packet).flatMap(({ name, hex, value }) => {
    const [first = '', ...more] = hex.match(/.{1,16}/g) ?? [];
    return [`${first.padEnd(18)}${name}${value === hex ? '' : `: ${String(value)}`}`, ...more];
  });
  return `${lines.join('\n')}\n`;
}

describe('the packets in docs/protocol', async () => {
  const names = (await readdir(pages)).filter((name) => name.endsWith('.md'));
  const texts = await Promise.all(
    names.map(async (name) => [name, await readFile(new URL(name, pages), 'utf8')] as const),
  );

  it.each(texts)('of %s are what the page says, to the last byte', (name, text) => {
    const blocks = [...text.matchAll(/```text\n([0-9a-f]{2} +first byte\n[\s\S]*?)```/g)].map(
      ([, block = '']) => block,
    );
    for (const block of blocks) {
      const hex = block.replace(/^([0-9a-f]*).*$/gm, '$1').replaceAll('\n', '');
      expect(block).toBe(printed(Buffer.from(hex, 'hex')));
      expect(block).toMatch(/tag: (?:fits|sealed)\n/);
    }
    if (name === 'packet.md' || name === 'handshake.md') expect(blocks.length).toBeGreaterThan(3);
  });
});

it('the messages in docs/protocol are what the page says', async () => {
  const text = await readFile(new URL('messages.md', pages), 'utf8');
  const shown = [...text.matchAll(/```text\n([\s\S]*?)```/g)].map(([, block = '']) =>
    block.replace(/^([0-9a-f]*).*$/gm, '$1').replaceAll('\n', ''),
  );
  const from = '00112233445566778899aabbccddeeff';
  if (!isNodeId(from)) throw new Error('not an id');
  const messages = [
    encodeMessage({ kind: 'client-get', namespace: '', key: 'greeting' }),
    encodeMessage({ kind: 'leave', from, incarnation: 3 }),
  ];
  expect(shown).toEqual(messages.map((message) => Buffer.from(message).toString('hex')));
});
