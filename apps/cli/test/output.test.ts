import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Output, oneLine } from '../src/output.ts';
import { duration, milliseconds, size, table } from '../src/text.ts';
import { isPublic, publicIpLine } from '../src/addresses.ts';
import { Capture } from './support/in-process.ts';

const escape = '\u001B';

describe('output', () => {
  test.each([
    [true, {}, true],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, {}, false],
  ])('terminal %j with %j: colour %j', (isTerminal, environment, coloured) => {
    const { sink } = new Capture(isTerminal);
    expect(new Output(sink, sink, environment).paint.isColorSupported).toBe(coloured);
  });

  test('control characters of others do not reach a terminal, and reach a pipe as they are', () => {
    const hostile = `a${escape}[2Jb\u202Ec\nd`;
    const { sink } = new Capture(true);
    expect(new Output(sink, sink, {}).shown(hostile)).toBe('a\\u001b[2Jb\\u202ec\nd');
    const pipe = new Capture();
    expect(new Output(pipe.sink, pipe.sink, {}).shown(hostile)).toBe(hostile);
    expect(oneLine('a\tb\nc')).toBe('a\\tb\\nc');
  });

  test('a line is written above the status line, which keeps to the width of the terminal', () => {
    const { sink, text } = withText(new Capture(true));
    const output = new Output(Object.assign(sink, { columns: 8 }), sink, { NO_COLOR: '1' });
    output.setStatus('2 nodes, 3 keys');
    output.answer('hello');
    expect(text()).toBe(`\r${escape}[2K2 nodes\r${escape}[2Khello\n2 nodes`);
    output.setStatus('');
    expect(text().endsWith(`\r${escape}[2K`)).toBe(true);
  });

  test('there is no status line on a pipe', () => {
    const { sink, text } = withText(new Capture());
    new Output(sink, sink, {}).setStatus('2 nodes');
    expect(text()).toBe('');
  });

  test('a reader that goes away ends the data without an error', async () => {
    const stream = new PassThrough();
    const output = new Output(stream, new PassThrough(), {});
    stream.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(output.closed).toBe(true);
    await output.data('nobody reads this');
    expect(await output.written()).toBeUndefined();
  });

  test('an answer that cannot be written is a failure, told once all is written', async () => {
    const error = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    const stream = new Writable({
      write: (_chunk, _encoding, done) => {
        done(error);
      },
    });
    const output = new Output(stream, new PassThrough(), {});
    output.answer('lost');
    expect(await output.written()).toBe(error);
    expect(output.closed).toBe(true);
    output.answer('lost too');
    expect(await output.written()).toBe(error);
  });

  test('data waits for a slow reader', async () => {
    const stream = new PassThrough({ highWaterMark: 4 });
    const output = new Output(stream, new PassThrough(), {});
    let settled = false;
    const written = output.data('more than four bytes').then(() => (settled = true));
    await Promise.resolve();
    expect(settled).toBe(false);
    stream.resume();
    await written;
    expect(settled).toBe(true);
    for (let line = 0; line < 20; line++) await output.data('more than four bytes');
    expect(stream.listenerCount('close')).toBeLessThan(3);
  });
});

describe('words for figures', () => {
  test('times, sizes, tables', () => {
    expect([0.423, 12.54, 340.2].map(milliseconds)).toEqual(['0.42 ms', '12.5 ms', '340 ms']);
    expect([12_000, 200_000, 7_500_000, 90_000_000].map(duration)).toEqual([
      '12 s',
      '3 min 20 s',
      '2 h 5 min',
      '1 d 1 h',
    ]);
    expect([512, 1536, 20 * 1024 * 1024].map(size)).toEqual(['512 B', '1.5 KiB', '20 MiB']);
    expect(
      table([
        ['ab', 'c'],
        ['d', 'efg'],
      ]),
    ).toEqual(['ab  c', 'd   efg']);
  });

  test('a public IP is never claimed for an address that is not one', () => {
    const hosts = [
      '0.0.0.0',
      '127.0.0.1',
      '10.1.2.3',
      '192.168.1.2',
      '172.20.0.1',
      '100.64.0.1',
      '::1',
      'fe80::1',
      'fd00::1',
    ];
    for (const host of hosts) expect(isPublic(host)).toBe(false);
    for (const host of ['203.0.114.7', '8.8.8.8', '2600::1', 'node.example']) expect(isPublic(host)).toBe(true);
    expect(publicIpLine('8.8.8.8:5000')).toBe('8.8.8.8');
    expect(publicIpLine(undefined)).toBe('not known yet (a peer on another network will tell)');
    expect(publicIpLine('10.0.0.2:5000')).toContain('not known yet');
  });
});

function withText(capture: Capture): { readonly sink: Capture['sink']; readonly text: () => string } {
  return { sink: capture.sink, text: () => capture.text };
}
