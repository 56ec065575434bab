import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { readFrames, readPacketHeader } from '../../src/index.ts';
import { checksum, unhex } from './checksum.ts';

it('the example of PACKETS.md is what it says', async () => {
  const text = await readFile(new URL('../../PACKETS.md', import.meta.url), 'utf8');
  const lines = (/```text\n(?<lines>[\s\S]*?)```/.exec(text)?.groups?.['lines'] ?? '').trim().split('\n');
  const packet = unhex(lines.map((line) => line.split('   ')[0]).join(''));
  expect(checksum.open(packet, 11, 5)).toBe(true);
  expect(readPacketHeader(packet)).toEqual({
    acknowledgeNow: false,
    connectionId: 0xa1b2c3d4,
    packetNumber: 5,
  });
  expect(readFrames(packet, 11, packet.length - 4)).toEqual([
    { type: 'ack', delayMs: 1, ranges: [{ first: 0, last: 3 }] },
    { type: 'message', kind: 'request', requestId: 7, offset: 0, totalBytes: 2, payload: unhex('6869') },
  ]);
});
