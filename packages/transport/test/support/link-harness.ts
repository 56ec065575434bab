import type { Frame, LinkParameters } from '@simpledht/wire';
import {
  ByteWriter,
  noParameters,
  packetHeaderBytes,
  readFrames,
  readPacketHeader,
  writeAck,
  writeClose,
  writeCredit,
  writeDatagram,
  writeFragment,
  writePacketHeader,
  writePing,
  writeWholeMessage,
} from '@simpledht/wire';
import { seededRandom } from '../../src/index.ts';
import { Link } from '../../src/link/link.ts';
import type { LinkCounters } from '../../src/link/link-counters.ts';
import { newLinkCounters } from '../../src/link/link-counters.ts';
import type { LinkEffect, PacketOutcome } from '../../src/link/link-effects.ts';
import { PacketArena } from '../../src/link/packet-arena.ts';
import { ReassemblyBudget } from '../../src/link/reassembly-budget.ts';
import type { LinkSettings } from '../../src/link/settings.ts';
import { defaultLinkSettings } from '../../src/link/settings.ts';
import { plainSealer } from '../../src/plain-sealer.ts';

export interface SentPacket {
  readonly atMs: number;
  readonly number: number;
  readonly bytes: number;
  readonly acknowledgeNow: boolean;
  readonly frames: readonly Frame[];
}

export interface Ticket {
  readonly name: string;
}

export interface HarnessOptions {
  readonly settings?: Partial<LinkSettings>;
  readonly parameters?: Partial<LinkParameters>;
  readonly datagramBytes?: number;
  readonly seed?: number;
  readonly handshakeRttMs?: number;
  readonly budgetBytes?: number;
  readonly budget?: ReassemblyBudget;
}

/** One established link, in virtual time, with a peer that the test plays by hand. */
export class LinkHarness {
  readonly settings: LinkSettings;
  readonly counters: LinkCounters = newLinkCounters();
  readonly link: Link<Ticket>;
  /** Everything sent since `clear`. */
  sent: SentPacket[] = [];
  /** Other effects since `clear`. */
  effects: LinkEffect<Ticket>[] = [];
  nowMs = 0;
  #nextNumber = 0;

  constructor(options: HarnessOptions = {}) {
    this.settings = { ...defaultLinkSettings, ...options.settings };
    this.link = new Link({
      settings: this.settings,
      sealer: plainSealer,
      random: seededRandom(options.seed ?? 1),
      arena: new PacketArena(),
      budget: options.budget ?? new ReassemblyBudget(options.budgetBytes ?? 67_108_864),
      counters: this.counters,
    });
    const parameters = {
      ...noParameters,
      receiveBufferBytes: 8_388_608,
      receiveWindowBytes: 4_194_304,
      ...options.parameters,
    };
    const { datagramBytes = 1200, handshakeRttMs } = options;
    this.link.establish({ connectionId: 9, parameters, datagramBytes, handshakeRttMs }, false, 0);
  }

  clear(): void {
    this.sent = [];
    this.effects = [];
  }

  request(payload: Uint8Array, name = 'request'): Ticket {
    const ticket = { name };
    this.link.request(ticket, payload);
    return ticket;
  }

  /** Ends the turn. */
  flush(): void {
    this.link.flush(this.nowMs);
    this.#collect();
  }

  /** Lets time pass: every deadline on the way is kept to the moment. */
  advance(ms: number): void {
    this.advanceTo(this.nowMs + ms);
  }

  advanceTo(endMs: number): void {
    for (let due = this.link.deadline(); due !== undefined && due <= endMs; due = this.link.deadline()) {
      this.nowMs = Math.max(this.nowMs, due);
      this.link.tick(this.nowMs);
      this.flush();
    }
    this.nowMs = endMs;
  }

  /** A packet of the peer, and the end of the turn. */
  receive(frames: readonly Frame[], packet: { number?: number; acknowledgeNow?: boolean } = {}): PacketOutcome {
    const number = packet.number ?? this.#nextNumber;
    this.#nextNumber = Math.max(this.#nextNumber, number + 1);
    const outcome = this.receiveBytes(encode(frames, number, packet.acknowledgeNow ?? false));
    this.flush();
    return outcome;
  }

  receiveBytes(bytes: Uint8Array): PacketOutcome {
    const outcome = this.link.receive(bytes, this.nowMs);
    this.#collect();
    return outcome;
  }

  /** Acknowledges packets by number. */
  acknowledge(...numbers: readonly number[]): void {
    const ranges: { first: number; last: number }[] = [];
    for (const number of numbers.toSorted((a, b) => b - a)) {
      const older = ranges.at(-1);
      if (older?.first === number + 1) older.first = number;
      else ranges.push({ first: number, last: number });
    }
    this.receive([{ type: 'ack', delayMs: 0, ranges }]);
  }

  #collect(): void {
    for (const effect of this.link.take()) {
      if (effect.type === 'transmit') this.sent.push(decode(effect.datagram, this.nowMs));
      else this.effects.push(effect);
    }
  }
}

export function encode(frames: readonly Frame[], number: number, acknowledgeNow = false): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(70_000));
  writePacketHeader(writer, { acknowledgeNow, connectionId: 5, packetNumber: number });
  for (const frame of frames) write(writer, frame);
  const packet = writer.bytes.slice(0, writer.offset + plainSealer.tagBytes);
  plainSealer.seal(packet, packetHeaderBytes, number);
  return packet;
}

function write(writer: ByteWriter, frame: Frame): void {
  if (frame.type === 'ack') writeAck(writer, frame.ranges, frame.delayMs);
  else if (frame.type === 'ping') writePing(writer);
  else if (frame.type === 'close') writeClose(writer, frame.code);
  else if (frame.type === 'credit') writeCredit(writer, frame.maxBytes);
  else if (frame.type === 'datagram') writeDatagram(writer, frame.payload);
  else if (frame.type === 'message') {
    if (frame.totalBytes !== frame.payload.length) writeFragment(writer, frame);
    else writeWholeMessage(writer, frame.kind, frame.requestId, frame.payload);
  } else {
    writer.u8(frame.frameType);
    writer.varint(2);
    writer.append(new Uint8Array(2));
  }
}

function decode(datagram: Uint8Array, atMs: number): SentPacket {
  const { packetNumber, acknowledgeNow, connectionId } = readPacketHeader(datagram);
  if (connectionId !== 9) throw new Error('A packet for somebody else');
  if (!plainSealer.open(datagram, packetHeaderBytes, packetNumber)) throw new Error('A bad tag was sent');
  const frames = readFrames(datagram, packetHeaderBytes, datagram.length - plainSealer.tagBytes);
  return { atMs, number: packetNumber, bytes: datagram.length, acknowledgeNow, frames };
}

/** A whole message. */
export function message(kind: 'request' | 'reply', requestId: number, payload: Uint8Array): Frame {
  return { type: 'message', kind, requestId, offset: 0, totalBytes: payload.length, payload };
}

export function fragment(
  kind: 'request' | 'reply',
  requestId: number,
  whole: Uint8Array,
  offset: number,
  length: number,
): Frame {
  const payload = whole.slice(offset, offset + length);
  return { type: 'message', kind, requestId, offset, totalBytes: whole.length, payload };
}

/** Ids of the requests that a packet carries. */
export function requestIds(packet: SentPacket | undefined): number[] {
  const frames = packet?.frames ?? [];
  return frames.flatMap((frame) => (frame.type === 'message' && frame.kind === 'request' ? [frame.requestId] : []));
}
