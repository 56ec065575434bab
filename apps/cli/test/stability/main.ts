/*
 * Many nodes, each a process, on loopback with nothing to do: nobody may be suspected for long, let alone declared dead.
 *   npm run stability -- --nodes 20 --minutes 2
 * Prints what was heard, and what a node cost. Exit code 1 if anybody was declared dead.
 */
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CliProcess, startNode, type Start } from '../support/processes.ts';

const { values } = parseArgs({
  options: { nodes: { type: 'string', default: '20' }, minutes: { type: 'string', default: '2' } },
});
const minutes = Number(values.minutes);
const running: CliProcess[] = [];
const start: Start = (argv, prefix, program) => {
  const started = new CliProcess(argv, prefix, program);
  running.push(started);
  return started;
};

try {
  const nodes = await startAll(Number(values.nodes));
  await Promise.all(nodes.map(({ node, others }) => Promise.all(others.map((id) => node.line(joined(id))))));
  const before = running.map(({ lines, child }) => ({ lines: lines.length, cpuMs: cpuMs(child.pid) }));
  await setTimeout(minutes * 60_000);
  const told = running.flatMap(({ lines }, index) => lines.slice(before[index]?.lines));
  const spentMs = running.map(({ child }, index) => cpuMs(child.pid) - (before[index]?.cpuMs ?? 0));
  const deaths = count(told, 'peer-left');
  report({ deaths, suspicions: count(told, 'peer-suspect'), cpu: mean(spentMs) / minutes / 600, running: alive() });
  process.exitCode = deaths === 0 && alive() === running.length ? 0 : 1;
} finally {
  await Promise.all(running.map((each) => each.kill()));
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

function count(lines: readonly string[], event: string): number {
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

function report(found: { deaths: number; suspicions: number; cpu: number; running: number }): void {
  const row = [running.length, minutes, found.suspicions, found.deaths, `${found.cpu.toFixed(2)} %`];
  process.stdout.write(
    '| processes | minutes | suspicions | declared dead | CPU of a node |\n| --- | --- | --- | --- | --- |\n',
  );
  process.stdout.write(`| ${row.join(' | ')} |\n`);
  if (found.running < running.length)
    process.stdout.write(`${String(running.length - found.running)} ended by themselves\n`);
}
