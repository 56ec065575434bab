import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loopbackNetwork } from '../src/network/loopback.ts';
import type { Place } from '../src/network/relay.ts';
import { History } from '../src/run/history.ts';
import { Member } from '../src/run/member.ts';

it('a member takes another place when its own was taken meanwhile', { timeout: 60_000 }, async ({ onTestFinished }) => {
  const directory = mkdtempSync(join(tmpdir(), 'simpledht-member-'));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const network = await loopbackNetwork(1, 1);
  onTestFinished(() => network.close());
  const taken = createSocket('udp4');
  onTestFinished(() => {
    taken.close();
  });
  taken.bind(0, '127.0.0.1');
  await once(taken, 'listening');
  const places: Place[] = [{ host: '127.0.0.1', port: taken.address().port }];
  let asked = 0;
  const member = new Member(0, {
    network: {
      ...network,
      place: (index) => {
        asked += 1;
        const place = places.pop();
        return place === undefined ? network.place(index) : Promise.resolve(place);
      },
    },
    history: new History(),
    directory,
    breaks: undefined,
    members: 1,
  });
  onTestFinished(() => member.kill());
  await member.start();
  expect([asked, member.runs]).toEqual([2, true]);
});
