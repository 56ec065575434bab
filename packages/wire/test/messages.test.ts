import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import {
  decodeMessage,
  encodeMessage,
  keySeparator,
  limits,
  MalformedError,
  messageKinds,
  type Message,
} from '@simpledht/wire';
import { floors, nodeId, origin, records, text, vector } from './support/arbitraries.ts';
import { fromHex, thrownBy, toHex } from './support/bytes.ts';
import { hostileMessages } from './vectors/hostile-messages.ts';
import { messageVectors } from './vectors/messages.ts';
import { samples } from './vectors/samples.ts';

const packr = new Packr({ useRecords: false });

const longestKey = 'n'.repeat(limits.maxNamespaceBytes) + keySeparator + 'k'.repeat(limits.maxKeyBytes);

/** Random but the same on every run (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** Decodes, or throws nothing but MalformedError. */
function tryDecode(body: Uint8Array): Message | undefined {
  try {
    return decodeMessage(body);
  } catch (error) {
    if (error instanceof MalformedError && error.code === 'ERR_MALFORMED') return undefined;
    throw error;
  }
}

describe('bodies', () => {
  it('have a kept vector for every kind', () => {
    expect(new Set(samples.map(({ message }) => message.kind))).toEqual(new Set(messageKinds));
    expect(samples.map(({ name }) => name)).toEqual(Object.keys(messageVectors));
  });

  it.each(samples)('$name, both ways', ({ name, message }) => {
    const vectorHex = messageVectors[name] ?? '';
    expect(toHex(encodeMessage(message))).toBe(vectorHex);
    expect(decodeMessage(fromHex(vectorHex))).toStrictEqual(message);
  });

  it.each(samples)('$name, cut anywhere, are refused', ({ message }) => {
    const body = encodeMessage(message);
    for (let length = 0; length < body.length; length++) {
      expect(() => decodeMessage(body.subarray(0, length))).toThrow(MalformedError);
    }
  });

  it.each(samples)('$name, read from a Buffer, give plain bytes', ({ message }) => {
    const body = Buffer.concat([Buffer.from([0xc1]), encodeMessage(message)]).subarray(1);
    expect(decodeMessage(body)).toStrictEqual(message);
  });

  it('of fields may have more of them: a later version adds at the end', () => {
    const fixed = new Set(['delta', 'page', 'fetched']);
    for (const { message } of samples.filter((sample) => !fixed.has(sample.message.kind))) {
      const body = encodeMessage(message);
      const fields = packr.unpack(body.subarray(1)) as unknown[];
      const longer = Buffer.concat([body.subarray(0, 1), packr.pack([...fields, 'new', { more: 1 }])]);
      expect(decodeMessage(longer)).toStrictEqual(message);
      if (fields.length === 0) continue;
      const shorter = Buffer.concat([body.subarray(0, 1), packr.pack(fields.slice(0, -1))]);
      expect(thrownBy(() => decodeMessage(shorter))).toMatchObject({ code: 'ERR_MALFORMED', reason: 'shape' });
    }
  });

  it.each(Object.entries(hostileMessages))('%s: refused', (_, [hex, reason]) => {
    const error = thrownBy(() => decodeMessage(fromHex(hex)));
    expect(error).toBeInstanceOf(MalformedError);
    expect(error).toMatchObject({ code: 'ERR_MALFORMED', reason });
  });

  it('larger than any message are refused before they are looked at', () => {
    const body = new Uint8Array(limits.maxMessageBytes + 1).fill(0x01);
    expect(thrownBy(() => decodeMessage(body))).toMatchObject({ reason: 'size' });
    const value = new Uint8Array(limits.maxMessageBytes);
    expect(() => encodeMessage({ kind: 'client-facts', facts: value })).toThrow('client-facts is too large');
  });

  it('carry the largest value', () => {
    const { message } = samples.find(({ name }) => name === 'delta') ?? {};
    if (message?.kind !== 'delta') throw new Error('no sample');
    const largest = message.records.slice(0, 1).map((record) => {
      return { ...record, key: longestKey, value: new Uint8Array(limits.maxValueBytes) };
    });
    const decoded = decodeMessage(encodeMessage({ ...message, records: largest }));
    expect(decoded.kind === 'delta' && decoded.records[0]?.value?.length).toBe(limits.maxValueBytes);
  });

  it('of random bytes throw nothing but ERR_MALFORMED', () => {
    const next = generator(1);
    for (let turn = 0; turn < 50_000; turn++) {
      const body = new Uint8Array(1 + (next() % 200));
      for (let at = 0; at < body.length; at++) body[at] = next();
      tryDecode(body);
    }
  });

  it('with changed bytes are refused, or are a message that goes back to bytes', () => {
    const next = generator(2);
    let accepted = 0;
    for (let turn = 0; turn < 50_000; turn++) {
      const { name } = samples[next() % samples.length] ?? { name: '' };
      const body = fromHex(messageVectors[name] ?? '');
      for (let change = next() % 3; change >= 0; change--) body[next() % body.length] = next() % 256;
      const message = tryDecode(body);
      if (message === undefined) continue;
      accepted++;
      expect(decodeMessage(encodeMessage(message))).toEqual(withoutInvalid(message));
    }
    expect(accepted).toBeGreaterThan(1000);
  });

  it('report records that no node may apply', () => {
    const { message } = samples.find(({ name }) => name === 'delta') ?? {};
    if (message?.kind !== 'delta') throw new Error('no sample');
    const [good, other] = message.records;
    if (good === undefined || other === undefined) throw new Error('no records');
    const decoded = decodeMessage(encodeMessage({ ...message, records: [{ ...good, key: '' }, other] }));
    const invalid = [{ origin: good.origin, seq: good.seq, reason: 'key' }];
    expect(decoded).toStrictEqual({ ...message, records: [other], invalid });
  });

  it('never set a prototype', () => {
    for (const { message } of samples) {
      expect(Object.getPrototypeOf(decodeMessage(encodeMessage(message)))).toBe(Object.prototype);
    }
  });
});

/** `invalid` is what decoding found, not a field. */
function withoutInvalid(message: Message): Message {
  if (!('invalid' in message)) return message;
  const { invalid: _, ...rest } = message;
  return rest;
}

describe('every message of a kind', () => {
  const integer = fc.maxSafeNat();
  const time = fc.double({ min: 0, max: limits.maxTimeMs, noNaN: true }).map((value) => (value === 0 ? 0 : value));
  const short = text.filter((sample) => Buffer.byteLength(sample) <= 127);
  const bytes = fc.uint8Array({ maxLength: 300 });
  const updates = fc.array(
    fc.record({
      id: nodeId,
      address: short,
      state: fc.constantFrom('alive', 'suspect', 'dead', 'left'),
      incarnation: integer,
      durable: fc.boolean(),
      accusers: fc.array(nodeId, { maxLength: limits.maxAccusers }),
    }),
    { maxLength: 8 },
  );
  const half = fc.nat(0x7fff_ffff).map((value) => value * 2 + 1);
  const maybe = <T>(id: fc.Arbitrary<T>): fc.Arbitrary<T | ''> => fc.oneof(id, fc.constant('' as const));
  const members = fc.nat(limits.maxMembers);
  const acks = fc.oneof(members, fc.constantFrom('local', 'majority', 'all'));
  const range = fc
    .record({ origin, from: fc.nat(), length: fc.nat(), more: fc.nat() })
    .map(({ length, more, ...rest }) => ({ ...rest, to: rest.from + length, ...(more > 0 && { more }) }));
  const shapes: Record<Message['kind'], Record<string, fc.Arbitrary<unknown>>> = {
    ping: { from: nodeId, target: nodeId, nonce: integer, updates },
    'ping-ack': { from: nodeId, nonce: integer, nowMs: time, observed: short, updates },
    'ping-request': { from: nodeId, target: nodeId, targetAddress: short, nonce: integer, updates },
    'ping-nack': { from: nodeId, nonce: integer },
    gossip: { from: nodeId, updates },
    'roster-exchange': {
      from: nodeId,
      incarnation: integer,
      advertise: short,
      durable: fc.boolean(),
      members: updates,
      after: maybe(nodeId),
    },
    roster: {
      from: nodeId,
      incarnation: integer,
      durable: fc.boolean(),
      observed: short,
      members: updates,
      next: maybe(nodeId),
    },
    leave: { from: nodeId, incarnation: integer },
    done: {},
    digest: {
      from: nodeId,
      origin: maybe(origin),
      ready: fc.boolean(),
      hlc: integer,
      vector,
      retired: vector,
      durable: fc.boolean(),
      behind: fc.boolean(),
      unsettled: fc.boolean(),
      count: integer,
      sumHigh: half,
      sumLow: half,
    },
    delta: { ranges: fc.array(range, { maxLength: 5 }), records },
    covered: { from: nodeId, joining: fc.boolean(), unsettled: fc.boolean(), vector },
    'page-request': {
      after: short,
      maxBytes: integer,
      skip: fc.integer({ min: 0, max: 8 }),
      buckets: fc.constantFrom(new Uint8Array(), new Uint8Array(512)),
    },
    'bucket-request': {},
    buckets: { sums: fc.constantFrom(new Uint8Array(), new Uint8Array(32_768)) },
    page: {
      vector,
      floors,
      retired: vector,
      after: short,
      reached: short,
      total: integer,
      records,
      done: fc.boolean(),
    },
    fetch: { key: short },
    fetched: { records },
    'client-put': { namespace: short, key: short, value: bytes, ttlMs: time, acks, timeoutMs: time },
    'client-delete': { namespace: short, key: short, acks, timeoutMs: time },
    'client-written': { version: short, acknowledged: members, members, existed: fc.boolean() },
    'client-get': { namespace: short, key: short },
    'client-value': { found: fc.boolean(), value: bytes, version: short, writer: maybe(nodeId), expiresAt: time },
    'client-list': {
      namespace: short,
      prefix: short,
      after: short,
      limit: fc.integer({ min: 1, max: 1024 }),
      values: fc.boolean(),
    },
    'client-entries': { entries: fc.array(fc.tuple(short, bytes), { maxLength: 10 }), done: fc.boolean() },
    'client-inspect': { what: fc.constantFrom('info', 'peers', 'ping', 'path') },
    'client-facts': { facts: bytes },
    'client-forget': { id: nodeId },
    failure: { code: fc.constant('ERR_TIMEOUT'), message: short, acknowledged: integer, needed: integer },
  };

  it.each(Object.entries(shapes))('%s comes back as it went in', (kind, shape) => {
    fc.assert(
      fc.property(fc.record(shape, { noNullPrototype: true }), (fields) => {
        const message = { kind, ...fields } as unknown as Message;
        expect(decodeMessage(encodeMessage(message))).toEqual(message);
      }),
      { numRuns: 100 },
    );
  });

  it('is refused by its encoder when its decoder would refuse it', () => {
    const leave = samples.find(({ name }) => name === 'leave')?.message;
    const update = { id: 'nobody', address: '', state: 'alive', incarnation: 0 };
    const broken = [
      { ...leave, incarnation: -1 },
      { ...leave, incarnation: 1.5 },
      { ...leave, from: 'short' },
      { kind: 'fetch', key: '\ud800' },
      { kind: 'fetch', key: 'k'.repeat(limits.maxStoredKeyBytes + 1) },
      { kind: 'gossip', from: nodeIdSample, updates: [update] },
      { kind: 'gossip', from: nodeIdSample, updates: new Array(65).fill({ ...update, id: nodeIdSample }) },
    ] as unknown as Message[];
    for (const message of broken) expect(thrownBy(() => encodeMessage(message))).toBeInstanceOf(MalformedError);
  });

  it('has its failure text cut, not refused', () => {
    const long = {
      kind: 'failure',
      code: 'ERR_REMOTE',
      message: `${'x'.repeat(511)}😀`,
      acknowledged: 0,
      needed: 0,
    } as const;
    expect(decodeMessage(encodeMessage(long))).toEqual({ ...long, message: `${'x'.repeat(511)}\ufffd` });
  });
});

const nodeIdSample = '00'.repeat(16);
