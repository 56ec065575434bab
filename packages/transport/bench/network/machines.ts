// Machines of a measurement: network namespaces, each with a cable to a router between them. Linux, root and iproute2.
import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** From TEST-NET-2 (RFC 5737): looks public to a program, belongs to nobody. */
const prefix = '198.51.100.';

/** One router and `hosts` machines behind it. */
export class Machines {
  readonly #tag: string;
  readonly #hosts: number;
  readonly #children: ChildProcess[] = [];

  /** `name` tells the machines of one measurement from those of others at the same time. */
  constructor(name: string, hosts: number) {
    this.#tag = `sdhtb${String(process.pid)}-${name}`;
    this.#hosts = hosts;
    try {
      this.#make();
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** Address of a host, and of the router on the cable to it. */
  ip(host: number, end: 'host' | 'router'): string {
    return `${prefix}${String(host * 4 + (end === 'host' ? 2 : 1))}`;
  }

  /** Runs one of the scripts beside this one with `options`; gives each line of JSON that it prints. */
  run(host: number | 'router', script: string, options: unknown): AsyncIterator<unknown> {
    const file = new URL(script, import.meta.url).pathname;
    const argv = ['netns', 'exec', this.#name(host), process.execPath, ...process.execArgv];
    const child = spawn('ip', [...argv, file, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#children.push(child);
    return parsed(createInterface(child.stdout));
  }

  /** Ends what runs there and takes everything away; safe to call after a failure. */
  remove(): void {
    // The scripts end with their input.
    for (const child of this.#children) child.stdin?.end();
    // Cables go with their ends.
    for (const host of this.#all()) attempt(['netns', 'del', this.#name(host)]);
  }

  #make(): void {
    for (const host of this.#all()) ip('netns', 'add', this.#name(host));
    for (const host of this.#all()) ip('-n', this.#name(host), 'link', 'set', 'lo', 'up');
    for (let host = 0; host < this.#hosts; host++) {
      const [near, far] = [this.#name(host), this.#name('router')];
      const device = `wire${String(host)}`;
      ip('link', 'add', 'wire', 'netns', near, 'type', 'veth', 'peer', 'name', device, 'netns', far);
      ip('-n', near, 'addr', 'add', `${this.ip(host, 'host')}/30`, 'dev', 'wire');
      ip('-n', far, 'addr', 'add', `${this.ip(host, 'router')}/30`, 'dev', device);
      ip('-n', near, 'link', 'set', 'wire', 'up');
      ip('-n', far, 'link', 'set', device, 'up');
    }
  }

  #all(): (number | 'router')[] {
    return ['router', ...Array.from({ length: this.#hosts }, (_, host) => host)];
  }

  #name(host: number | 'router'): string {
    return `${this.#tag}-${String(host)}`;
  }
}

async function* parsed(lines: AsyncIterable<string>): AsyncGenerator {
  for await (const line of lines) yield JSON.parse(line);
}

function ip(...argv: readonly string[]): void {
  execFileSync('ip', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function attempt(argv: readonly string[]): void {
  try {
    ip(...argv);
  } catch {
    // It was never made.
  }
}
