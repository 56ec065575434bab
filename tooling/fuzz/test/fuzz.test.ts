import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Fuzzer, type Failure } from '../src/engine.ts';
import { failureFiles, replay } from '../src/failures.ts';
import { within } from '../src/guard.ts';
import type { Target } from '../src/target.ts';
import { targets } from '../src/targets/index.ts';

function failuresOf(target: Target, inputs: number): readonly Failure[] {
  const failures: Failure[] = [];
  const onFailure = (failure: Failure): void => {
    failures.push(failure);
  };
  // How long an input takes is no matter of a suite that shares its machine.
  new Fuzzer(target, { seed: 1, goesOn: (runs) => runs < inputs, timed: false, onFailure }).run();
  return failures;
}

describe('decoders', () => {
  it.each(targets.map((target) => [target.name, target] as const))('%s keep their rules', (_, target) => {
    expect(target.seeds().map((seed) => target.run(seed.slice()))).not.toContain('refused');
    expect(failuresOf(target, 2500)).toEqual([]);
  });

  it.each(failureFiles().map((file) => [file.pathname.split('/').at(-1), file] as const))(
    '%s passes again',
    (_, file) => {
      replay(file, targets);
    },
  );
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
}

/** Decodes anything, and does wrong when a byte is 0xff. */
function broken(wrong: () => void): Target {
  const run = (input: Uint8Array): string => {
    if (input.includes(0xff)) wrong();
    return 'decoded';
  };
  return { name: 'broken', sources: [], seeds: () => [Uint8Array.of(1, 2, 3)], run };
}

describe('a decoder that', () => {
  it('throws is caught, with an input that shows it', () => {
    const [failure] = failuresOf(
      broken(() => {
        throw new TypeError('not documented');
      }),
      2000,
    );
    expect(failure?.error.message).toBe('not documented');
    expect([...(failure?.input ?? [])]).toContain(0xff);
  });

  it('allocates without measure is caught', () => {
    const kept: unknown[] = [];
    const target = broken(() => {
      kept.push(new Uint8Array(16_777_216));
    });
    // What the tests before have left would be freed meanwhile, and hide as much.
    collectGarbage();
    const [failure] = failuresOf({ ...target, seeds: () => [Uint8Array.of(0xff)] }, 1);
    expect(failure?.error.message).toMatch(/took \d+ bytes/);
  });

  it('changes a prototype is caught', () => {
    const name = 'changedByFuzzing';
    const target = broken(() => {
      Reflect.set(Object.prototype, name, 1);
    });
    try {
      expect(failuresOf({ ...target, seeds: () => [Uint8Array.of(0xff)] }, 1)[0]?.error.message).toMatch(/prototype/);
    } finally {
      Reflect.deleteProperty(Object.prototype, name);
    }
  });

  it('never ends is stopped', () => {
    const stopped = within(50, () => {
      for (;;);
    });
    expect(stopped).toBe(false);
  });
});
