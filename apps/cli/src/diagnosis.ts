import type { CallReport, Diagnosis } from '@simpledht/node';
import { splitAddress } from './addresses.ts';
import { milliseconds } from './text.ts';

/** One thing that was looked at, in words, and what to do about it. */
export interface Finding {
  readonly ok: boolean;
  readonly text: string;
  readonly cures: readonly string[];
}

/** The size of the datagrams that nodes send by default, with the largest headers. */
const neededPacketBytes = 1280;
/** Clocks that differ by more are quarantined by the map: what is written is not seen as newer. */
const clockToleranceMs = 10_000;

export function findings(diagnosis: Diagnosis, hasSecret: boolean): readonly Finding[] {
  const { udp, call } = diagnosis;
  if (udp.outcome !== 'answered') return [noAnswer(diagnosis)];
  return [
    there(diagnosis),
    ...loss(diagnosis),
    size(diagnosis),
    ...(call === undefined ? [strangerTo(diagnosis, hasSecret)] : [known(call), clock(call), back(call)]),
  ];
}

function ok(text: string): Finding {
  return { ok: true, text, cures: [] };
}

function wrong(text: string, ...cures: readonly string[]): Finding {
  return { ok: false, text, cures };
}

function noAnswer({ address, udp, tcp }: Diagnosis): Finding {
  const { port } = splitAddress(address);
  const overTcp =
    tcp === 'listens'
      ? [
          'Something takes TCP connections there: if the cluster runs over TCP, use --transport tcp in every other command: doctor looks at UDP only',
        ]
      : [];
  switch (udp.outcome) {
    case 'refused':
      return wrong(
        `The machine of ${address} is there, and nobody listens on its UDP port ${String(port)}`,
        'Start a node there, or look at its port: it says "Node started successfully on ..."',
        ...overTcp,
      );
    case 'unreachable':
      return wrong(
        `This machine has no way to ${address}, or its own firewall lets no UDP out`,
        'Look at the network and at the firewall of this machine',
        ...overTcp,
      );
    default:
      return wrong(
        `UDP to ${address} gets no answer: it is dropped on the way there, or on the way back`,
        `At the node: let UDP port ${String(port)} in at its firewall, and forward it at its router`,
        'Here: let UDP out, and the answers to it in',
        'Is the address right, and does the machine run?',
        ...(overTcp.length > 0 ? overTcp : ['Where UDP is blocked for good, run all nodes with --transport tcp']),
      );
  }
}

function there({ address, udp }: Diagnosis): Finding {
  const middle = udp.timesMs[Math.floor(udp.timesMs.length / 2)];
  const time = middle === undefined ? '' : `, in ${milliseconds(middle)}`;
  return ok(`UDP gets to ${address} and back${time}`);
}

function loss({ udp: { sent, answered } }: Diagnosis): readonly Finding[] {
  if (answered === sent) return [];
  const text = `${String(sent - answered)} of ${String(sent)} packets were lost`;
  return [
    wrong(text, 'Nodes send again what is lost, and are slower for it: look for an overloaded line or a weak radio'),
  ];
}

function size({ udp: { largestPacketBytes: largest } }: Diagnosis): Finding {
  if (largest !== undefined && largest >= neededPacketBytes)
    return ok(`Packets of ${String(largest)} bytes get through`);
  return wrong(
    'Only small packets get through: something on the way drops those of 1280 bytes, which nodes need',
    'Start nodes with a smaller one, such as --mtu 1000, or look for a tunnel that drops what it has to split',
  );
}

/** It answers to everybody that there is no link, and to our call nothing. */
function strangerTo({ address }: Diagnosis, hasSecret: boolean): Finding {
  return wrong(
    `A node is at ${address}, and does not answer to a call: it has ${hasSecret ? 'another secret, or none' : 'a secret'}, or another cluster name`,
    hasSecret
      ? 'Use the secret file of that cluster with --secret-file, or none'
      : 'Use the secret file of that cluster with --secret-file',
    'Use the name of that cluster with --cluster',
    'It may also run a version of SimpleDHT that this one does not understand, or have too many links',
  );
}

function known({ protocol, secure }: CallReport): Finding {
  return ok(
    `The node answers calls: protocol ${String(protocol)}, ${secure ? 'the same secret' : 'no secret on either side'}`,
  );
}

function clock({ clockOffsetMs }: CallReport): Finding {
  const off = `${milliseconds(Math.abs(clockOffsetMs))} ${clockOffsetMs < 0 ? 'behind' : 'ahead of'} this one`;
  if (Math.abs(clockOffsetMs) <= clockToleranceMs) return ok(`Its clock is ${off}`);
  return wrong(`Its clock is ${off}`, 'Set the clocks by NTP on both machines: what the slower one writes would lose');
}

function back({ dialBack, observed }: CallReport): Finding {
  const { port } = splitAddress(observed);
  switch (dialBack) {
    case 'reached':
      return ok(`The node reaches this machine at ${observed} by itself`);
    case 'silent':
      return wrong(
        `The node does not reach this machine at ${observed} by itself: only answers get in`,
        `Let UDP port ${String(port)} in at the firewall here, and forward it at the router: start --map-port asks it to`,
        'Then tell the others: start --advertise HOST:PORT. Calls from here (put, get) work without',
      );
    case 'busy':
      return ok('The node dials back for somebody else just now: try again to see whether it reaches this machine');
    default:
      return ok('The node cannot dial back with its transport: whether it reaches this machine is not known');
  }
}
