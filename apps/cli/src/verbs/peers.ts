import type { Peer } from '@simpledht/node';
import type { Command } from 'commander';
import { callNode } from '../call.ts';
import { perform, verb, type Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { callOptions, type CallOptions } from '../options.ts';
import type { Output } from '../output.ts';
import { duration, milliseconds, table } from '../text.ts';

export function peersCommand(context: Context): Command {
  return verb({
    name: 'peers',
    description: 'print the other nodes as one node sees them',
    options: callOptions(),
    notes: `States: alive, suspect (does not answer, may be dead), dead, left (said goodbye).
Clock: how far its clock is ahead (+) or behind (-). In sync: it holds all that this
node holds.`,
    examples: [
      ['simpledht peers', 'state, address, round trip, clock, in sync'],
      ['simpledht peers --json | jq ".peers[].address"', 'for scripts'],
    ],
  }).action((options: CallOptions) => perform(context, options.json, () => peers(context.output, options)));
}

async function peers(output: Output, options: CallOptions): Promise<ExitCode> {
  const known = await callNode(options, (client) => client.peers());
  if (options.json) output.json({ peers: known.map(toFacts) });
  else if (known.length === 0) output.answer('No other nodes are known');
  else {
    const [head = '', ...lines] = table([
      ['NODE ID', 'ADDRESS', 'STATE', 'ROUND TRIP', 'CLOCK', 'LAST SEEN', 'IN SYNC'],
      ...known.map(toRow),
    ]);
    output.answer(output.paint.bold(head));
    for (const [index, line] of lines.entries()) output.answer(colour(output, known[index], output.shown(line)));
  }
  return exitCodes.done;
}

function toFacts({ rttMs, clockOffsetMs, lastSeenAgoMs, ...rest }: Peer): object {
  const known = { rttMs, clockOffsetMs, lastSeenAgoMs };
  return { ...rest, ...Object.fromEntries(Object.entries(known).map(([name, ms]) => [name, ms ?? null])) };
}

function toRow({ id, address, state, rttMs, clockOffsetMs, lastSeenAgoMs, inSync }: Peer): readonly string[] {
  const roundTrip = rttMs === undefined ? '-' : milliseconds(rttMs);
  const clock = clockOffsetMs === undefined ? '-' : `${clockOffsetMs < 0 ? '' : '+'}${milliseconds(clockOffsetMs)}`;
  const seen = lastSeenAgoMs === undefined ? '-' : `${duration(lastSeenAgoMs)} ago`;
  return [id, address, state, roundTrip, clock, seen, inSync ? 'yes' : 'no'];
}

function colour({ paint }: Output, peer: Peer | undefined, line: string): string {
  switch (peer?.state) {
    case 'suspect':
      return paint.yellow(line);
    case 'dead':
      return paint.red(line);
    case 'left':
      return paint.dim(line);
    default:
      return line;
  }
}
