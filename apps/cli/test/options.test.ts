import { InvalidArgumentError } from 'commander';
import { describe, expect, test } from 'vitest';
import {
  parseAcks,
  parseAdvertise,
  parseBootstrap,
  parseDuration,
  parseHost,
  parseListenPort,
  parseNodeId,
  parsePort,
  parseSeconds,
} from '../src/options.ts';
import { waitForAcks } from '../src/patience.ts';

describe('options', () => {
  test.each(['0', '-1', '65536', '5e3', '', ' 5', '0x50', '5000.5'])('port %j is refused', (text) => {
    expect(() => parsePort(text)).toThrow(InvalidArgumentError);
  });

  test('a node may listen on port 0, a free one', () => {
    expect(parseListenPort('0')).toBe(0);
    expect(parsePort('65535')).toBe(65_535);
  });

  test.each([
    ['5', 5],
    ['0.5', 0.5],
    ['.25', 0.25],
    ['10.', 10],
  ])('time-out %j is %d seconds', (text, seconds) => {
    expect(parseSeconds(text)).toBe(seconds);
  });

  test.each(['0', '-1', 'soon', '1s', '', 'Infinity', '99999999'])('time-out %j is refused', (text) => {
    expect(() => parseSeconds(text)).toThrow(InvalidArgumentError);
  });

  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5h', 5_400_000],
    ['.5m', 30_000],
    ['7d', 604_800_000],
  ])('duration %j is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['30', '0s', '-1s', 's', '', '5 s', '1e3s', '1w', '99999999999d'])('duration %j is refused', (text) => {
    expect(() => parseDuration(text)).toThrow(InvalidArgumentError);
  });

  test('the id of a node is 32 hex digits', () => {
    expect(parseNodeId('0123456789ABCDEF0123456789abcdef')).toBe('0123456789abcdef0123456789abcdef');
    for (const text of ['', '01', `${'0'.repeat(31)}g`, '0'.repeat(33)])
      expect(() => parseNodeId(text)).toThrow(InvalidArgumentError);
  });

  test('bootstrap takes several nodes, in one option or in several', () => {
    const first = parseBootstrap('203.0.113.7:5000, node.example:5001');
    expect(parseBootstrap('[2001:db8::7]:5000', first)).toEqual([
      '203.0.113.7:5000',
      'node.example:5001',
      '[2001:db8::7]:5000',
    ]);
    expect(parseBootstrap('')).toEqual([]);
    expect(parseBootstrap('_simpledht._udp.example.org')).toEqual(['_simpledht._udp.example.org']);
  });

  test.each([
    '203.0.113.7',
    '_x.example.org',
    ':5000',
    'host:',
    'host:0',
    'host:65536',
    '2001:db8::7:5000',
    'a b:5000',
    'host:5000x',
  ])('bootstrap %j is refused in the words of the original', (text) => {
    expect(() => parseBootstrap(text)).toThrow(/Invalid bootstrap node format: .*Expected format: HOST:PORT/);
    expect(() => parseAdvertise(text)).toThrow(/HOST:PORT/);
  });

  test('a host may be written in brackets, as in addresses', () => {
    expect(parseHost('[::1]')).toBe('::1');
    expect(() => parseHost('')).toThrow(InvalidArgumentError);
  });

  test('acks are words or a number of nodes', () => {
    expect(['local', 'majority', 'all', '3'].map(parseAcks)).toEqual(['local', 'majority', 'all', 3]);
    for (const text of ['0', '-1', '1.5', 'most', '']) expect(() => parseAcks(text)).toThrow(InvalidArgumentError);
  });

  test.each([undefined, 'all', 'majority', 2] as const)('acks %j: both waits together are the time-out', (acks) => {
    for (const timeoutMs of [100, 500, 5000]) {
      const { waitMs, tripMs } = waitForAcks(timeoutMs, acks);
      expect(waitMs + tripMs).toBe(timeoutMs);
    }
  });

  test('a put that asks for nothing does not wait longer than a second for the others', () => {
    expect(waitForAcks(5000, undefined)).toEqual({ waitMs: 1000, tripMs: 4000 });
    expect(waitForAcks(500, undefined)).toEqual({ waitMs: 250, tripMs: 250 });
  });
});
