import type { MemberUpdate, Message, NodeId, Origin, StoredRecord } from '@simpledht/wire';

/*
 * One or two messages of every kind, whose bytes are kept in messages.ts.
 */
const ada = '000102030405060708090a0b0c0d0e0f' as NodeId;
const bob = 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff' as NodeId;
const adaOrigin = `${ada}a0a1a2a3a4a5a6a7` as Origin;
const bobOrigin = `${bob}b0b1b2b3b4b5b6b7` as Origin;

const updates: readonly MemberUpdate[] = [
  { id: ada, address: '127.0.0.1:5000', state: 'alive', incarnation: 1_764_000_000, durable: true, accusers: [] },
  { id: bob, address: '[::1]:5001', state: 'suspect', incarnation: 0, durable: false, accusers: [ada] },
];

const write: StoredRecord = {
  key: '\0user:1',
  value: Uint8Array.from([0xa3, 0x41, 0x64, 0x61]),
  hlc: 762_048_000_000_000,
  writer: ada,
  expiresAt: 0,
  origin: adaOrigin,
  seq: 4,
};
const next: StoredRecord = { ...write, key: 'users\0smile 😀', hlc: write.hlc + 1, seq: 5 };
const expiring: StoredRecord = {
  ...write,
  key: '\0t',
  hlc: write.hlc - 4096,
  expiresAt: 1_764_000_000_000,
  origin: bobOrigin,
  seq: 90_000,
};
const deleted: StoredRecord = {
  ...write,
  value: null,
  hlc: write.hlc + 4096,
  writer: bob,
  origin: bobOrigin,
  seq: 90_001,
};

const vector = [
  { origin: adaOrigin, watermark: 5, intervals: [] },
  {
    origin: bobOrigin,
    watermark: 89_990,
    intervals: [
      [90_000, 90_000],
      [90_010, 90_500],
    ],
  },
] as const;
const floors = [{ origin: bobOrigin, seq: 80_000, hlc: 762_048_000_000_000 }];

/** A message whose bytes are kept. */
export interface Sample {
  readonly name: string;
  readonly message: Message;
}

export const samples: readonly Sample[] = [
  { name: 'ping', message: { kind: 'ping', from: ada, target: bob, nonce: 4_294_967_296, updates } },
  {
    name: 'ping-ack',
    message: {
      kind: 'ping-ack',
      from: bob,
      nonce: 7,
      nowMs: 1_764_000_000_123.5,
      observed: '127.0.0.1:5000',
      updates: [],
    },
  },
  {
    name: 'ping-request',
    message: { kind: 'ping-request', from: ada, target: bob, targetAddress: '[::1]:5001', nonce: 8, updates },
  },
  { name: 'ping-nack', message: { kind: 'ping-nack', from: ada, nonce: 8 } },
  { name: 'gossip', message: { kind: 'gossip', from: ada, updates } },
  {
    name: 'roster-exchange',
    message: {
      kind: 'roster-exchange',
      from: ada,
      incarnation: 3,
      advertise: '',
      members: updates,
      after: '',
      durable: true,
    },
  },
  {
    name: 'roster',
    message: {
      kind: 'roster',
      from: bob,
      incarnation: 3,
      observed: '10.0.0.1:5000',
      members: updates,
      next: bob,
      durable: false,
    },
  },
  { name: 'leave', message: { kind: 'leave', from: ada, incarnation: 4 } },
  { name: 'done', message: { kind: 'done' } },
  {
    name: 'digest',
    message: {
      kind: 'digest',
      from: ada,
      origin: adaOrigin,
      ready: true,
      durable: true,
      behind: false,
      unsettled: false,
      hlc: write.hlc,
      vector,
      retired: [{ origin: bobOrigin, watermark: 12, intervals: [] }],
      count: 2,
      sumHigh: 0xffff_ffff,
      sumLow: 1,
    },
  },
  {
    name: 'digest of an empty store',
    message: {
      kind: 'digest',
      from: ada,
      origin: '',
      ready: false,
      durable: false,
      behind: true,
      unsettled: false,
      hlc: 0,
      vector: [],
      retired: [],
      count: 0,
      sumHigh: 0,
      sumLow: 0,
    },
  },
  {
    name: 'delta',
    message: { kind: 'delta', ranges: [{ origin: adaOrigin, from: 3, to: 5 }], records: [write, next] },
  },
  {
    name: 'delta of two origins',
    message: {
      kind: 'delta',
      ranges: [
        { origin: adaOrigin, from: 3, to: 4 },
        { origin: bobOrigin, from: 89_990, to: 90_001, more: 7 },
      ],
      records: [write, expiring, deleted],
    },
  },
  {
    name: 'delta without records',
    message: { kind: 'delta', ranges: [{ origin: bobOrigin, from: 0, to: 281_474_976_710_655 }], records: [] },
  },
  { name: 'covered', message: { kind: 'covered', from: bob, joining: false, unsettled: true, vector } },
  {
    name: 'page-request',
    message: { kind: 'page-request', after: 'user:1', maxBytes: 262_144, skip: 0, buckets: new Uint8Array() },
  },
  {
    name: 'page-request for one bucket, ahead',
    message: { kind: 'page-request', after: '', maxBytes: 1, skip: 1, buckets: new Uint8Array(512).fill(1, 0, 1) },
  },
  {
    name: 'page',
    message: {
      kind: 'page',
      vector,
      floors,
      retired: [{ origin: bobOrigin, watermark: 12, intervals: [] }],
      total: 100_000,
      after: 'user:0',
      reached: 'smile 😀',
      records: [write, expiring],
      done: false,
    },
  },
  {
    name: 'last page',
    message: {
      kind: 'page',
      vector: [],
      floors: [],
      retired: [],
      total: 0,
      after: '',
      reached: '',
      records: [],
      done: true,
    },
  },
  { name: 'fetch', message: { kind: 'fetch', key: 'smile 😀' } },
  { name: 'fetched', message: { kind: 'fetched', records: [deleted] } },
  { name: 'bucket-request', message: { kind: 'bucket-request' } },
  { name: 'buckets', message: { kind: 'buckets', sums: new Uint8Array() } },
  {
    name: 'client-put',
    message: {
      kind: 'client-put',
      namespace: '',
      key: 'k\n😀',
      value: Uint8Array.from([0xc0]),
      ttlMs: 30_000,
      acks: 'majority',
      timeoutMs: 5000,
    },
  },
  {
    name: 'client-put with a number of acks',
    message: {
      kind: 'client-put',
      namespace: 'users',
      key: 'k',
      value: Uint8Array.from([0x2a]),
      ttlMs: 0,
      acks: 3,
      timeoutMs: 0.5,
    },
  },
  {
    name: 'client-delete',
    message: { kind: 'client-delete', namespace: 'users', key: 'k', acks: 'all', timeoutMs: 5000 },
  },
  {
    name: 'client-written',
    message: { kind: 'client-written', version: '762048000000000-0001', acknowledged: 2, members: 3, existed: true },
  },
  { name: 'client-get', message: { kind: 'client-get', namespace: '', key: 'k' } },
  {
    name: 'client-value',
    message: {
      kind: 'client-value',
      found: true,
      value: Uint8Array.from([0xc2]),
      version: '762048000000000-0001',
      writer: ada,
      expiresAt: 0,
    },
  },
  {
    name: 'client-value of a missing key',
    message: { kind: 'client-value', found: false, value: new Uint8Array(), version: '', writer: '', expiresAt: 0 },
  },
  {
    name: 'client-list',
    message: { kind: 'client-list', namespace: '', prefix: 'user:', after: 'user:1', limit: 100, values: true },
  },
  {
    name: 'client-entries',
    message: {
      kind: 'client-entries',
      entries: [
        ['user:1', Uint8Array.from([0xc3])],
        ['user:2', new Uint8Array()],
      ],
      done: true,
    },
  },
  { name: 'client-inspect', message: { kind: 'client-inspect', what: 'peers' } },
  { name: 'client-facts', message: { kind: 'client-facts', facts: Uint8Array.from([0x90]) } },
  { name: 'client-forget', message: { kind: 'client-forget', id: bob } },
  {
    name: 'failure',
    message: { kind: 'failure', code: 'ERR_IN_DOUBT', message: 'stored on 1 of 3', acknowledged: 1, needed: 3 },
  },
];
