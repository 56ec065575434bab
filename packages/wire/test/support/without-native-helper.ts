import { isDeepStrictEqual } from 'node:util';
import { isNativeAccelerationEnabled } from 'msgpackr';
import { decodeValue, encodeValue, limits } from '@simpledht/wire';

/*
 * Run as a process of its own with MSGPACKR_NATIVE_ACCELERATION_DISABLED=true: msgpackr decides at import.
 */
const long = 'x'.repeat(100);
const samples: readonly unknown[] = [
  `\ufeff${long}`,
  { [`\ufeff${long}`]: [`\ufeff${long}`, long, `é${long}`, `\ufeff${'y'.repeat(61)}`, `\ufeff${'y'.repeat(62)}`] },
  Array.from({ length: 300 }, (_, index) => ({ id: index, name: `name ${String(index)} ${'😀é'.repeat(index % 40)}` })),
  { date: new Date(1e12 + 1), bytes: new Uint8Array(70_000), big: 2n ** 63n, text: '\ufffd\0\n'.repeat(9000) },
];
const equal = samples.every((sample) =>
  isDeepStrictEqual(decodeValue(encodeValue(sample, limits.maxValueBytes)), sample),
);
process.stdout.write(`native helper: ${String(isNativeAccelerationEnabled)}, equal: ${String(equal)}\n`);
