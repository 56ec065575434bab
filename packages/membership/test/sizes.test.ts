import { expect, it } from 'vitest';
import { encodeMessage, limits, type MemberUpdate, type NodeId } from '@simpledht/wire';
import { accused, peer, update } from './script.ts';
import { sizeOf, type MembershipMessage } from './simulation/sizes.ts';

const [{ id: from }, { id: target }] = [peer(1), peer(2)];
const numbers = [0, 127, 128, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, 1_760_000_000_000];

/** Every size at which a head grows. */
function messages(): MembershipMessage[] {
  const addresses = ['', '10.0.0.3:5000', 'x'.repeat(31), 'x'.repeat(32), 'x'.repeat(limits.maxAddressBytes)];
  const accusers = Array.from({ length: limits.maxAccusers }, (_, index) => peer(index + 10));
  const lists: MemberUpdate[][] = [0, 1, 15, 16, limits.maxMembersPerMessage].map((length) =>
    Array.from({ length }, (_, index) => update(peer(index), 'alive', numbers[index % numbers.length])),
  );
  lists.push([accused(peer(3), 'suspect', accusers), accused(peer(3), 'dead', accusers.slice(1))]);
  const cursors: (NodeId | '')[] = ['', target];
  return [
    { kind: 'done' },
    ...numbers.flatMap((nonce): MembershipMessage[] => [
      { kind: 'ping-nack', from, nonce },
      { kind: 'leave', from, incarnation: nonce },
      { kind: 'ping-ack', from, nonce, nowMs: nonce + 0.5, observed: '', updates: [] },
      { kind: 'ping-ack', from, nonce: 0, nowMs: nonce, observed: '', updates: [] },
    ]),
    ...addresses.flatMap((address): MembershipMessage[] => [
      { kind: 'ping-ack', from, nonce: 1, nowMs: 1.5, observed: address, updates: [update({ ...peer(4), address })] },
      { kind: 'ping-request', from, target, targetAddress: address, nonce: 1, updates: [] },
      { kind: 'roster-exchange', from, incarnation: 1, advertise: address, members: [], after: '', durable: true },
    ]),
    ...lists.flatMap((updates): MembershipMessage[] => [
      { kind: 'gossip', from, updates },
      { kind: 'ping', from, target, nonce: 1, updates },
      ...cursors.map(
        (next) =>
          ({ kind: 'roster', from, incarnation: 1, observed: '', members: updates, next, durable: false }) as const,
      ),
    ]),
  ];
}

it('messages are as long as they are said to be', () => {
  for (const message of messages())
    expect([message, sizeOf(message)]).toEqual([message, encodeMessage(message).length]);
});
