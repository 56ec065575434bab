// Machines of a measurement: network namespaces, each with a cable to a router between them. Linux, root and iproute2.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { build, type Namespaces } from '@simpledht/namespaces';

/** From TEST-NET-2 (RFC 5737): looks public to a program, belongs to nobody. */
const prefix = '198.51.100.';

/** One router and `hosts` machines behind it. */
export class Machines {
  readonly #spaces: Namespaces;
  readonly #children: ChildProcess[] = [];

  constructor(hosts: number) {
    this.#spaces = build('bench', (spaces) => {
      this.#connect(spaces, hosts);
      return spaces;
    });
  }

  /** Address of a host, and of the router on the cable to it. */
  ip(host: number, end: 'host' | 'router'): string {
    return `${prefix}${String(host * 4 + (end === 'host' ? 2 : 1))}`;
  }

  /** Runs one of the scripts beside this one with `options`; gives each line of JSON that it prints. */
  run(host: number | 'router', script: string, options: unknown): AsyncIterator<unknown> {
    const file = new URL(script, import.meta.url).pathname;
    const [ip, ...prefix] = this.#spaces.at(String(host));
    const argv = [...prefix, process.execPath, ...process.execArgv, file, JSON.stringify(options)];
    const child = spawn(ip, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#children.push(child);
    return parsed(createInterface(child.stdout));
  }

  /** Ends what runs there and takes everything away; safe to call after a failure. */
  remove(): void {
    // The scripts end with their input.
    for (const child of this.#children) child.stdin?.end();
    this.#spaces.remove();
  }

  #connect(spaces: Namespaces, hosts: number): void {
    spaces.add('router');
    for (let host = 0; host < hosts; host++) {
      const space = String(host);
      spaces.add(space);
      spaces.cable(
        { space, device: 'wire', address: `${this.ip(host, 'host')}/30` },
        { space: 'router', device: `wire${space}`, address: `${this.ip(host, 'router')}/30` },
      );
    }
  }
}

async function* parsed(lines: AsyncIterable<string>): AsyncGenerator {
  for await (const line of lines) yield JSON.parse(line);
}
