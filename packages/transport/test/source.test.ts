import { describe, expect, it } from 'vitest';
import { hostOf, isOnLoopback, networkOf } from '../src/endpoint/source.ts';
import { SourceBuckets } from '../src/endpoint/source-buckets.ts';
import { evenRate, TokenBucket } from '../src/endpoint/token-bucket.ts';

describe('where a packet comes from', () => {
  it.each([
    ['192.0.2.77:5000', '192.0.2', '192.0.2.77'],
    ['127.9.8.7:1', '127.9.8', '127.9.8.7'],
    ['[2001:db8:1:2:3:4:5:6]:5000', '2001:db8:1:2', '2001:db8:1:2'],
    ['[2001:db8::6]:5000', '2001:db8:0:0', '2001:db8:0:0'],
    ['[2001:db8:1:2::]:5000', '2001:db8:1:2', '2001:db8:1:2'],
    ['[2001:db8:1::4:5:6:7]:5000', '2001:db8:1:0', '2001:db8:1:0'],
    ['[::1]:5000', '0:0:0:0', '0:0:0:0'],
    ['[64:ff9b::192.0.2.1]:5000', '64:ff9b:0:0', '64:ff9b:0:0'],
    ['[1::2:3:4:5:192.0.2.1]:5000', '1:0:2:3', '1:0:2:3'],
    ['[fe80::1%eth0]:5000', 'fe80:0:0:0', 'fe80:0:0:0'],
    ['somewhere:7', 'somewhere', 'somewhere'],
  ])('%s is of network %s and host %s', (address, network, host) => {
    expect([networkOf(address), hostOf(address)]).toEqual([network, host]);
  });

  it('is this machine for loopback addresses alone', () => {
    const addresses = ['127.0.0.1:1', '127.9.8.7:1', '[::1]:1', '12.7.0.1:1', '[::2]:1', '[::11]:1', '10.0.0.1:1'];
    expect(addresses.map(isOnLoopback)).toEqual([true, true, true, false, false, false, false]);
  });
});

describe('a token bucket', () => {
  it('gives its burst at once, then what its rate gives, and never more than its burst after a rest', () => {
    const bucket = new TokenBucket({ perSecond: 20, burst: 5 }, 0);
    const taken = (nowMs: number): number =>
      Array.from({ length: 50 }, () => bucket.take(nowMs)).filter(Boolean).length;
    expect([taken(0), taken(40), taken(50), taken(1050), taken(1_000_000)]).toEqual([5, 0, 1, 5, 5]);
  });
});

describe('buckets of many sources', () => {
  const limits = { rate: evenRate(10), loopbackRate: evenRate(20), maxSources: 100 };

  it('are never more than two generations, and the sources beyond share one', () => {
    const buckets = new SourceBuckets(limits, 0);
    let passed = 0;
    for (let source = 0; source < 5000; source++) if (buckets.take(`s${String(source)}`, false, 500)) passed++;
    expect(passed).toBe(110);
    for (let round = 1; round < 20; round++) {
      for (let source = 0; source < 500; source++)
        buckets.take(`r${String(round)}-${String(source)}`, false, round * 1000);
      expect(buckets.size).toBeLessThanOrEqual(200);
    }
    buckets.take('late', false, 100_000);
    expect(buckets.size).toBe(1);
  });

  it('are not refilled by being forgotten', () => {
    const buckets = new SourceBuckets(limits, 0);
    let passed = 0;
    for (let nowMs = 0; nowMs < 10_000; nowMs++) if (buckets.take('one', false, nowMs)) passed++;
    // Ten at once and ten a second.
    expect(passed).toBe(109);
  });

  it('of loopback have their own rate', () => {
    const buckets = new SourceBuckets(limits, 0);
    const passed = (onLoopback: boolean): number =>
      Array.from({ length: 50 }, () => buckets.take(String(onLoopback), onLoopback, 0)).filter(Boolean).length;
    expect([passed(false), passed(true)]).toEqual([10, 20]);
  });
});
