import { fileURLToPath } from 'node:url';
import { describe, expect, test, type TestContext } from 'vitest';
import { processesOf, type CliProcess, type Start } from './support/processes.ts';
import { createRooms, whyNoFilter, whyNoRooms, type Rooms } from './support/switch.ts';

/* Clusters of real processes on machines of their own that lose each other for longer than every time-out. */

const noRooms = whyNoRooms();
const noFilter = noRooms ?? whyNoFilter();
for (const reason of new Set([noRooms, noFilter]))
  if (reason !== undefined) console.warn(`skipped: clusters that heal (${reason})`);

const contents = fileURLToPath(new URL('support/contents.ts', import.meta.url));
/** All are one cluster again within it. */
const healingMs = 60_000;

type Member = CliProcess & { readonly id: string; readonly machine: number };

interface Lab {
  readonly rooms: Rooms;
  readonly start: Start;
}

function lab(context: TestContext, left: number, right: number): Lab {
  const rooms = createRooms(left, right);
  // What is registered first ends last: the processes before their machines.
  context.onTestFinished(() => {
    rooms.remove();
  });
  return { rooms, start: processesOf(context) };
}

async function startOn({ rooms, start }: Lab, machine: number, bootstrap?: string): Promise<Member> {
  const joining = bootstrap === undefined ? [] : ['--bootstrap', bootstrap];
  const node = start(['start', '--json', ...joining], rooms.at(machine));
  const { id } = await node.event<{ readonly id: string }>('started');
  await node.event('ready');
  return Object.assign(node, { id, machine });
}

async function startAll(lab: Lab, count: number): Promise<Member[]> {
  const first = await startOn(lab, 1);
  const bootstrap = `${lab.rooms.ip(1)}:5000`;
  const others = Array.from({ length: count - 1 }, (_, index) => startOn(lab, index + 2, bootstrap));
  const members = [first, ...(await Promise.all(others))];
  await everyoneHears(members, 'peer-joined');
  return members;
}

/** Each of the nodes says so of each of the others. */
async function everyoneHears(members: readonly Member[], event: string): Promise<void> {
  await Promise.all(members.map((member) => hears(member, members, event)));
}

async function hears(member: Member, of: readonly Member[], event: string, from = 0): Promise<void> {
  const others = of.filter(({ id }) => id !== member.id);
  await Promise.all(others.map(({ id }) => member.line(new RegExp(`"event":"${event}".*${id}`), from)));
}

/** On both sides everyone has declared everyone of the other dead. */
async function areApart(one: readonly Member[], other: readonly Member[]): Promise<void> {
  await Promise.all([
    ...one.map((each) => hears(each, other, 'peer-left')),
    ...other.map((each) => hears(each, one, 'peer-left')),
  ]);
}

/** On both sides everyone has everyone of the other back, said after these places. */
async function areTogether(
  one: readonly Member[],
  other: readonly Member[],
  from: ReadonlyMap<Member, number>,
): Promise<void> {
  const back = (members: readonly Member[], of: readonly Member[]): Promise<void>[] =>
    members.map((member) => hears(member, of, 'peer-joined', from.get(member)));
  await Promise.all([...back(one, other), ...back(other, one)]);
}

function on(members: readonly Member[], machine: number): Member {
  const found = members.find((member) => member.machine === machine);
  if (found === undefined) throw new RangeError(`nobody is on machine ${String(machine)}`);
  return found;
}

async function put({ rooms, start }: Lab, { machine }: Member, key: string): Promise<void> {
  const argv = ['put', '--host', rooms.ip(machine), '--acks', 'local', key, `by ${String(machine)}`];
  expect(await start(argv, rooms.at(machine)).ended).toBe(0);
}

/** All members hold just these keys, read over the network from the second machine. */
async function expectSame({ rooms, start }: Lab, members: readonly Member[], keys: readonly string[]): Promise<void> {
  const hosts = members.map(({ machine }) => rooms.ip(machine));
  const reader = start([String(keys.length), ...hosts], rooms.at(2), contents);
  const found = JSON.parse(await reader.line(/^\[/)) as Record<string, unknown>[];
  expect(found.map((entries) => Object.keys(entries).sort())).toEqual(members.map(() => [...keys].sort()));
}

function linesNow(members: readonly Member[]): ReadonlyMap<Member, number> {
  return new Map(members.map((member) => [member, member.lines.length]));
}

describe.concurrent('clusters that heal', { timeout: 120_000 }, () => {
  test.skipIf(noRooms !== undefined)(
    '2 + 3 that were apart until both sides had declared the other dead: one again within 60 s, with all writes',
    async (context) => {
      const room = lab(context, 2, 3);
      const members = await startAll(room, 5);
      const [left, right] = [members.slice(0, 2), members.slice(2)];
      room.rooms.cable(false);
      await areApart(left, right);
      await Promise.all([put(room, on(members, 1), 'left'), put(room, on(members, 5), 'right')]);
      const from = linesNow(members);
      const healedMs = performance.now();
      room.rooms.cable(true);
      await areTogether(left, right, from);
      expect(performance.now() - healedMs).toBeLessThan(healingMs);
      await expectSame(room, members, ['left', 'right']);
    },
  );

  test.skipIf(noFilter !== undefined).for([
    { what: 'hears nobody and is heard by all', deaf: [3], to: [1, 2] },
    { what: 'hears all and is heard by nobody', deaf: [1, 2], to: [3] },
  ])('one that $what, until all hold each other dead: one again within 60 s', async ({ deaf, to }, context) => {
    const room = lab(context, 2, 1);
    const members = await startAll(room, 3);
    const [most, one] = [members.slice(0, 2), members.slice(2)];
    for (const machine of deaf) room.rooms.deafen(machine, to);
    await areApart(most, one);
    await Promise.all([put(room, on(members, 1), 'most'), put(room, on(members, 3), 'one')]);
    const from = linesNow(members);
    const healedMs = performance.now();
    for (const machine of deaf) room.rooms.hear(machine);
    await areTogether(most, one, from);
    expect(performance.now() - healedMs).toBeLessThan(healingMs);
    await expectSame(room, members, ['most', 'one']);
  });

  test.skipIf(noRooms !== undefined)(
    'a first node that is replaced at another address behind the same name is found',
    async (context) => {
      const room = lab(context, 3, 1);
      const name = 'seed.simpledht.test';
      for (const machine of [2, 3]) room.rooms.name(machine, name, room.rooms.ip(1));
      const seed = await startOn(room, 1);
      const others = await Promise.all([2, 3].map((machine) => startOn(room, machine, `${name}:5000`)));
      await everyoneHears([seed, ...others], 'peer-joined');
      await put(room, seed, 'of the old seed');
      await expectSame(room, others, ['of the old seed']);
      await seed.kill();
      for (const machine of [2, 3]) room.rooms.name(machine, name, room.rooms.ip(4));
      // It knows nobody and has no data.
      const replaced = await startOn(room, 4);
      const deadMs = performance.now();
      await everyoneHears([replaced, ...others], 'peer-joined');
      expect(performance.now() - deadMs).toBeLessThan(healingMs);
      await expectSame(room, [replaced, ...others], ['of the old seed']);
    },
  );
});
