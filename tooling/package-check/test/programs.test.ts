import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installConsumer, type Consumer } from '../src/consumer.ts';
import { packedPackages } from '../src/pack.ts';
import { everyType, twoNodes } from '../src/programs.ts';
import { root } from '../src/workspace.ts';

const packed = await packedPackages();
const examples = join(root, 'apps', 'examples', 'src');

/** These take the address of another machine; the suite of the examples runs them in pairs. */
const pairs = ['cross-network.ts'];
const sources = (await readdir(examples, { recursive: true })).filter((file) => file.endsWith('.ts'));
const programs = sources.filter((file) => dirname(file) === '.' || basename(file) === 'main.ts');
const alone = programs.filter((file) => !pairs.includes(file));

describe('a program in TypeScript that uses the packed packages', () => {
  let consumer: Consumer;

  beforeAll(async () => {
    consumer = await installConsumer(packed, []);
    for (const file of sources) {
      await mkdir(dirname(join(consumer.folder, 'src', file)), { recursive: true });
      await copyFile(join(examples, file), join(consumer.folder, 'src', file));
    }
    await writeFile(join(consumer.folder, 'src', 'two-nodes.ts'), twoNodes);
    await writeFile(join(consumer.folder, 'src', 'every-type.ts'), everyType(packed));
  });
  afterAll(async () => {
    await consumer.remove();
  });

  it('type-checks, declarations of the packages included', async () => {
    const { code, stdout } = await consumer.compile('src', 'out');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });

  it.each(alone)('runs to its end: %s', async (file) => {
    const { code, stderr } = await consumer.node(join('out', file.replace(/\.ts$/, '.js')));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
