import type { NodeId, Origin } from '@simpledht/wire';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../src/index.ts';
import { loadState, loadUnsettled, loadVector, stateEntry, type MetaEntry } from '../src/metadata.ts';

const origin = `${'0a'.repeat(16) as NodeId}${'01'.repeat(8)}` as Origin;

function storeWith(...meta: readonly MetaEntry[]): ReturnType<typeof memoryStore> {
  const store = memoryStore();
  store.apply({ meta });
  return store;
}

function f64(...numbers: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(numbers.length * 8));
  for (const [index, number] of numbers.entries()) view.setFloat64(index * 8, number);
  return new Uint8Array(view.buffer);
}

const vectorOf = (bytes: Uint8Array): ReturnType<typeof loadVector> =>
  loadVector(storeWith(['replica/origins', Buffer.from(origin, 'hex')], [`replica/vector/${origin}`, bytes]));

describe('a saved vector', () => {
  it('is read with what is beyond its watermark', () => {
    expect(
      vectorOf(f64(5, 8, 9, 12, 12))
        ?.get(origin)
        ?.entry(origin),
    ).toEqual({
      origin,
      watermark: 5,
      intervals: [
        [8, 9],
        [12, 12],
      ],
    });
    expect(vectorOf(f64(0))?.get(origin)?.watermark).toBe(0);
  });

  it.each([
    ['nothing', f64()],
    ['half a number', f64(5).subarray(4)],
    ['half an interval', f64(5, 8)],
    ['a part of a number too many', Uint8Array.of(...f64(5), 0)],
    ['no number', f64(NaN)],
    ['a fraction', f64(1.5)],
    ['a number below zero', f64(-1)],
    ['a number past the last', f64(2 ** 48)],
    ['an interval that begins with a fraction', f64(5, 8.5, 9)],
    ['an interval that begins at zero', f64(5, 0, 9)],
    ['an interval without an end', f64(5, 8, Infinity)],
    ['an interval of nothing', f64(5, 9, 8)],
    ['an interval that ends before it begins', f64(5, 9, 7)],
  ])('speaks for nothing when a part is %s', (_, bytes) => {
    expect(vectorOf(bytes)).toBeUndefined();
  });
});

describe('a saved state', () => {
  const state = { joined: true, ceiling: 7, content: { live: 1, tombstones: 2, count: 3, high: 4, low: 5 } };

  it('is read as it was', () => {
    expect(loadState(storeWith(stateEntry(state)))).toEqual(state);
  });

  it.each([NaN, -1, 0.5, Infinity, 2 ** 53])('is none with %d for a number', (wrong) => {
    const { content } = state;
    const places = [
      { ...state, ceiling: wrong },
      { ...state, content: { ...content, live: wrong } },
      { ...state, content: { ...content, tombstones: wrong } },
      { ...state, content: { ...content, count: wrong } },
    ];
    for (const place of places) expect(loadState(storeWith(stateEntry(place)))).toBeUndefined();
  });
});

describe('saved spans that are awaited', () => {
  const spansOf = (...numbers: readonly number[]): unknown[] => {
    const bytes = Buffer.concat([Buffer.from(origin, 'hex'), f64(...numbers)]);
    return [...loadUnsettled(storeWith(['replica/unsettled', bytes])).all()];
  };

  it('are read as they were, and left out when they are none', () => {
    expect(spansOf(4, 9)).toEqual([[origin, { to: 4, until: 9, sinceMs: 0 }]]);
    for (const wrong of [NaN, -1, 0.5]) {
      expect(spansOf(wrong, 9)).toEqual([]);
      expect(spansOf(4, wrong)).toEqual([]);
    }
  });
});
