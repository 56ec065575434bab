import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  commandOf,
  flag,
  helpOf,
  hidden,
  number,
  numbers,
  parse,
  text,
  UsageError,
  word,
  words,
} from '../src/index.ts';

const metals = ['tin', 'zinc', 'lead'] as const;

const usage = {
  command: 'npm run forge',
  about: 'Forges.',
  examples: [
    ['--runs 5', 'a few'],
    ['--metals tin,zinc --first', 'some'],
  ],
  options: {
    runs: number({ help: 'how many', default: 100, least: 1, most: 1_000 }),
    minutes: number({ help: 'how long', least: 0.1, whole: false }),
    seed: number({ help: 'draws', default: 7, shown: 'of the clock', least: 0 }),
    loss: numbers({ help: 'lost', default: [0, 0.1], least: 0, most: 1, whole: false }),
    metal: word({ help: 'what of', of: metals }),
    metals: words({ help: 'what of', of: metals, default: ['tin'] }),
    out: text({ help: 'where to', takes: 'a file', sign: 'FILE' }),
    'no-sync': flag('does not wait'),
    worker: hidden(),
  },
} as const;

const defaults = {
  ...{ runs: 100, minutes: undefined, seed: 7, loss: [0, 0.1], metal: undefined, metals: ['tin'], out: undefined },
  ...{ 'no-sync': false, worker: undefined },
};

describe('options', () => {
  it('have their defaults', () => {
    expect(parse([], usage)).toEqual(defaults);
  });

  it.each([
    [['--runs', '5'], { runs: 5 }],
    [['--runs=5'], { runs: 5 }],
    [['--runs', '5', '--runs', '6'], { runs: 6 }],
    [['--minutes', '0.15'], { minutes: 0.15 }],
    [['--minutes', '1e6'], { minutes: 1e6 }],
    [['--seed', '0'], { seed: 0 }],
    [['--loss', '0.5'], { loss: [0.5] }],
    [['--loss', '0,1,0.25'], { loss: [0, 1, 0.25] }],
    [['--metal', 'zinc'], { metal: 'zinc' }],
    [['--metals', 'zinc,lead'], { metals: ['zinc', 'lead'] }],
    [['--out', 'a b.json'], { out: 'a b.json' }],
    [['--out=--odd'], { out: '--odd' }],
    [['--no-sync'], { 'no-sync': true }],
    [['--worker', '{"from":1}'], { worker: '{"from":1}' }],
  ])('%j are read', (argv, values) => {
    expect(parse(argv, usage)).toEqual({ ...defaults, ...values });
  });

  it.each([
    [['--runs', 'many'], '--runs takes a whole number from 1 to 1000, not "many"'],
    [['--runs', ''], '--runs takes a whole number from 1 to 1000, not ""'],
    [['--runs', ' '], '--runs takes a whole number from 1 to 1000, not " "'],
    [['--runs', '0'], '--runs takes a whole number from 1 to 1000, not "0"'],
    [['--runs', '-5'], '--runs takes a whole number from 1 to 1000, not "-5"'],
    [['--runs', '1001'], '--runs takes a whole number from 1 to 1000, not "1001"'],
    [['--runs', '1.5'], '--runs takes a whole number from 1 to 1000, not "1.5"'],
    [['--runs'], '--runs takes a whole number from 1 to 1000'],
    [['--seed', '9007199254740993'], '--seed takes a whole number from 0 on, not "9007199254740993"'],
    [['--minutes', 'Infinity'], '--minutes takes a number from 0.1 on, not "Infinity"'],
    [['--loss', '0,'], '--loss takes numbers from 0 to 1 with commas between, not "0,"'],
    [['--loss', '0,2'], '--loss takes numbers from 0 to 1 with commas between, not "0,2"'],
    [['--metal', 'gold'], '--metal takes one of tin, zinc, lead, not "gold"'],
    [['--metals', 'tin,gold'], '--metals takes some of tin, zinc, lead with commas between, not "tin,gold"'],
    [['--out', ''], '--out takes a file, not ""'],
    [['--out', '--no-sync'], '--out takes a file, not "--no-sync"'],
    [['--no-sync=yes'], '--no-sync takes nothing, not "yes"'],
    [['--nonsense', '5'], 'There is no option --nonsense'],
    [['--toString'], 'There is no option --toString'],
    [['-x'], 'There is no option -x'],
    [['5'], '"5" is no option: options begin with two dashes and stand after "npm run forge --"'],
  ])('%j are refused in one line', (argv, message) => {
    expect(() => parse(argv, usage)).toThrow(new UsageError(message));
  });

  it.each(['--help', '-h'])('give way to %s', (help) => {
    expect(parse([help], usage)).toBeUndefined();
    expect(parse(['--runs', 'many', help], usage)).toBeUndefined();
  });

  it('have types of their own', () => {
    const values = parse([], usage);
    if (values === undefined) throw new Error('no help was asked for');
    type Metal = 'tin' | 'zinc' | 'lead';
    expectTypeOf(values.runs).toEqualTypeOf<number>();
    expectTypeOf(values.minutes).toEqualTypeOf<number | undefined>();
    expectTypeOf(values.loss).toExtend<readonly number[]>();
    expectTypeOf(values.metal).toEqualTypeOf<Metal | undefined>();
    expectTypeOf(values.metals).toExtend<readonly Metal[]>();
    expectTypeOf(values.out).toEqualTypeOf<string | undefined>();
    expectTypeOf(values['no-sync']).toEqualTypeOf<boolean>();
    expectTypeOf(values.worker).toEqualTypeOf<string | undefined>();
  });
});

describe('help', () => {
  it('says how to call the script and what each option takes, in columns', () => {
    expect(helpOf(usage)).toBe(`Forges.

  npm run forge [-- options]
  npm run forge -- --runs 5                    a few
  npm run forge -- --metals tin,zinc --first   some

  --runs N          how many (a whole number from 1 to 1000; default: 100)
  --minutes N       how long (a number from 0.1 on)
  --seed N          draws (a whole number from 0 on; default: of the clock)
  --loss N,…        lost (numbers from 0 to 1 with commas between; default: 0,0.1)
  --metal NAME      what of (one of tin, zinc, lead)
  --metals NAME,…   what of (some of tin, zinc, lead with commas between; default: tin)
  --out FILE        where to (a file)
  --no-sync         does not wait
  --help, -h        shows this
`);
  });

  it('folds what is long', () => {
    const kinds = Array.from({ length: 40 }, (_, index) => `kind-${String(index)}`);
    const lines = helpOf({ command: 'c', about: 'a', options: { kind: words({ help: 'k', of: kinds }) } }).split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(112);
    expect(lines.join(' ').replaceAll(/ +/g, ' ')).toContain(`--kind NAME,… k (some of ${kinds.join(', ')} with`);
    expect(lines.filter((line) => /^ {18}kind-/.test(line)).length).toBeGreaterThan(1);
  });
});

describe('the command that repeats a run', () => {
  it('gives each option that says something, as a shell reads it', () => {
    const values = { runs: 1, minutes: undefined, metals: ['tin', 'lead'], out: "it's here", worker: '{}' } as const;
    expect(commandOf(usage, { ...values, 'no-sync': true })).toBe(
      String.raw`npm run forge -- --runs 1 --metals tin,lead --out 'it'\''s here' --no-sync`,
    );
    expect(commandOf(usage, { 'no-sync': false })).toBe('npm run forge');
  });

  it('is read back as what it was made of', () => {
    const values = parse(['--seed', '3', '--loss', '0.5,1', '--no-sync'], usage) ?? {};
    const [, ...argv] = commandOf(usage, values).replace('npm run forge', '').trim().split(' ');
    expect(parse(argv, usage)).toEqual(values);
  });
});
