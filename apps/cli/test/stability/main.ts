/*
 * Many nodes, each a process, on loopback with nothing to do: nobody may be suspected for long, let alone declared dead.
 * Prints what was heard, and what a node cost. Exit code 1 if anybody was declared dead.
 */
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { main, number, type Values } from '@simpledht/script-options';
import { CliProcess, startNode, type Start } from '../support/processes.ts';

const usage = {
  command: 'npm run stability',
  about: 'Many nodes, each a process, on loopback with nothing to do: nobody may be declared dead.',
  examples: [['--nodes 20 --minutes 60', 'an hour']],
  options: {
    nodes: number({ help: 'processes', default: 20, least: 1, most: 1_000 }),
    minutes: number({ help: 'how long', default: 2, least: 0.01, most: 100_000, whole: false }),
  },
} as const;
const running: CliProcess[] = [];
const start: Start = (argv, prefix, program) => {
  const started = new CliProcess(argv, prefix, program);
  running.push(started);
  return started;
};

process.exitCode = await main(usage, async (options) => {
  try {
    return await run(options);
  } finally {
    await Promise.all(running.map((each) => each.kill()));
  }
});

async function run({ nodes: count, minutes }: Values<typeof usage.options>): Promise<boolean> {
  const nodes = await startAll(count);
  await Promise.all(nodes.map(({ node, others }) => Promise.all(others.map((id) => node.line(joined(id))))));
  const before = running.map(({ lines, child }) => ({ lines: lines.length, cpuMs: cpuMs(child.pid) }));
  await setTimeout(minutes * 60_000);
  const told = running.flatMap(({ lines }, index) => lines.slice(before[index]?.lines));
  const spentMs = running.map(({ child }, index) => cpuMs(child.pid) - (before[index]?.cpuMs ?? 0));
  const deaths = countOf(told, 'peer-left');
  const cpu = mean(spentMs) / minutes / 600;
  report({ minutes, deaths, cpu, suspicions: countOf(told, 'peer-suspect'), running: alive() });
  return deaths === 0 && alive() === running.length;
}

async function startAll(count: number): Promise<{ node: CliProcess; others: string[] }[]> {
  const first = await startNode(start);
  const nodes = [first];
  while (nodes.length < count) nodes.push(await startNode(start, '--bootstrap', first.address));
  return nodes.map((node) => ({ node, others: nodes.filter(({ id }) => id !== node.id).map(({ id }) => id) }));
}

function joined(id: string): RegExp {
  return new RegExp(`"event":"peer-joined".*${id}`);
}

function countOf(lines: readonly string[], event: string): number {
  return lines.filter((line) => line.startsWith(`{"event":"${event}"`)).length;
}

function alive(): number {
  return running.filter(({ child }) => child.exitCode === null && child.signalCode === null).length;
}

/** User and system time of a process so far: fields 14 and 15 of /proc/PID/stat, in hundredths of a second. */
function cpuMs(pid = 0): number {
  const fields =
    readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ') ?? [];
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

interface Found {
  readonly minutes: number;
  readonly deaths: number;
  readonly suspicions: number;
  readonly cpu: number;
  readonly running: number;
}

function report(found: Found): void {
  const row = [running.length, found.minutes, found.suspicions, found.deaths, `${found.cpu.toFixed(2)} %`];
  process.stdout.write(
    '| processes | minutes | suspicions | declared dead | CPU of a node |\n| --- | --- | --- | --- | --- |\n',
  );
  process.stdout.write(`| ${row.join(' | ')} |\n`);
  if (found.running < running.length)
    process.stdout.write(`${String(running.length - found.running)} ended by themselves\n`);
}
