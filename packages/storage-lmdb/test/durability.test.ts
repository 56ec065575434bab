import { describe, expect, it } from 'vitest';
import { whyNoMounts } from './durability/file-systems.ts';
import { randomFrom } from './durability/random.ts';
import { cutAfter, Kills } from './durability/trials.ts';
import './support/directories.ts';

/* Real processes and real file systems; what is not random is what must never happen. The long form is `npm run durability`. */

const kills = 3;
const cuts = 2;
const seed = Number(process.env['SIMPLEDHT_SEED'] ?? Date.now() % 1_000_000);
const whyNot = whyNoMounts();
const skipped = whyNot === undefined ? '' : ` (skipped: ${whyNot})`;
const allKept = { lost: [], wrong: [] };

describe(`acknowledged writes, seed ${String(seed)}`, { timeout: 600_000 }, () => {
  it(`outlive kill -9 at ${String(kills)} random moments`, async () => {
    const random = randomFrom(seed);
    const trials = new Kills(true);
    let answers = 0;
    for (let run = 0; run < kills; run++) {
      const outcome = await trials.killAfter(20 + random() * 600);
      expect(outcome).toMatchObject(allKept);
      answers += outcome.answers;
    }
    expect(answers).toBeGreaterThan(kills * 50);
    expect(await trials.whatIsWrong()).toEqual([]);
  });

  it.skipIf(whyNot !== undefined)(`outlive a power cut at ${String(cuts)} random moments${skipped}`, async () => {
    const random = randomFrom(seed + 1);
    for (let cut = 0; cut < cuts; cut++) expect(await cutAfter(20 + random() * 900, true)).toMatchObject(allKept);
  });

  it.skipIf(whyNot !== undefined)(`do not outlive one without sync, or this test is blind${skipped}`, async () => {
    const { lost } = await cutAfter(300 + randomFrom(seed + 2)() * 600, false);
    expect(lost).not.toEqual([]);
  });
});
