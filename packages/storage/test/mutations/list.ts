/** One broken rule: a patch of one source file, and the classes of runs that should notice. */
export interface Mutation {
  readonly rule: string;
  /** Under packages/storage/src. None when the simulation itself breaks the rule. */
  readonly file?: string;
  readonly search?: string;
  readonly replacement?: string;
  /** Further arguments of the simulation. */
  readonly args?: readonly string[];
  readonly classes: readonly string[];
  /** Fast enough for every run of the tests. */
  readonly quick?: boolean;
}

export const mutations: readonly Mutation[] = [
  {
    rule: 'a watermark advances over a gap',
    file: 'origin-cover.ts',
    search: 'if (from <= this.watermark) {',
    replacement: 'if (from <= to) {',
    classes: ['classic'],
    quick: true,
  },
  {
    rule: 'an answer leaves before the flush',
    args: ['--leaves-early'],
    classes: ['disk'],
    quick: true,
  },
  {
    rule: 'the order has no writer in it',
    file: 'record-order.ts',
    search: 'return compareText(a.writer, b.writer) || compareValues(a.value, b.value);',
    replacement: 'return compareValues(a.value, b.value);',
    classes: ['classic'],
    quick: true,
  },
  {
    rule: 'a lost tail is not noticed',
    file: 'replica.ts',
    search: 'const place = this.#context.local.renewOrigin();',
    replacement: 'const place = undefined;',
    classes: ['torn', 'clone'],
  },
  {
    rule: 'a wiped store goes on under the same origin',
    file: 'local-map.ts',
    search: 'bytesToHex(this.#options.randomBytes(8))',
    replacement: 'bytesToHex(this.#options.randomBytes(8).fill(7))',
    classes: ['volatile', 'purge'],
  },
  {
    rule: 'the vector is adopted after the first page',
    file: 'joining.ts',
    search: 'if (page.done) return this.#finish',
    replacement: 'if (page.done || !this.#context.local.joined) return this.#finish',
    classes: ['volatile', 'members'],
  },
  {
    rule: 'the clock begins at zero after a restart',
    file: 'local-map.ts',
    search: 'new HybridClock(state?.ceiling ?? 0,',
    replacement: 'new HybridClock(0,',
    classes: ['disk', 'mixed'],
  },
];
