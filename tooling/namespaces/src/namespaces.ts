import { execFileSync } from 'node:child_process';

/** What stands before a command line so that it runs elsewhere. */
export type Prefix = readonly [command: string, ...argv: string[]];

/** One end of a cable. */
export interface End {
  readonly space: string;
  readonly device: string;
  /** With the length of its network: `192.0.2.1/24`. */
  readonly address?: string;
  /** The bridge of that namespace that the end is put into. */
  readonly bridge?: string;
}

let made = 0;

/** Network namespaces of one test or measurement, bridges and cables in them: Linux, root and iproute2. */
export class Namespaces {
  readonly #tag: string;
  readonly #spaces: string[] = [];

  /** `what` is for people who look at the system; names of two at the same time differ anyway. */
  constructor(what: string) {
    this.#tag = `sdht-${what}-${String(process.pid)}-${String(++made)}`;
  }

  /** The name by which the system knows a namespace. */
  nameOf(space: string): string {
    return `${this.#tag}-${space}`;
  }

  /** Puts a command there. */
  at(space: string): Prefix {
    return ['ip', 'netns', 'exec', this.nameOf(space)];
  }

  /** Runs a command there and returns what it printed. Throws with what it said. */
  run(space: string, command: string, ...argv: readonly string[]): string {
    const [ip, ...prefix] = this.at(space);
    return run(ip, ...prefix, command, ...argv);
  }

  add(...spaces: readonly string[]): void {
    for (const space of spaces) {
      run('ip', 'netns', 'add', this.nameOf(space));
      this.#spaces.push(space);
      this.#in(space, 'link', 'set', 'lo', 'up');
    }
  }

  /** `options` are those of the device: `mcast_snooping 0`. */
  bridge(space: string, device: string, ...options: readonly string[]): void {
    this.#in(space, 'link', 'add', device, 'type', 'bridge', ...options);
    this.link(space, device, 'up');
  }

  cable(one: End, other: End): void {
    const [space, otherSpace] = [this.nameOf(one.space), this.nameOf(other.space)];
    const peer = ['peer', 'name', other.device, 'netns', otherSpace];
    run('ip', 'link', 'add', one.device, 'netns', space, 'type', 'veth', ...peer);
    for (const end of [one, other]) this.#plug(end);
  }

  address(space: string, device: string, address: string): void {
    this.#in(space, 'addr', 'add', address, 'dev', device);
  }

  link(space: string, device: string, state: 'up' | 'down'): void {
    this.#in(space, 'link', 'set', device, state);
  }

  /** Everything that leaves the networks of a namespace goes that way. */
  route(space: string, router: string): void {
    this.#in(space, 'route', 'add', 'default', 'via', router);
  }

  /** Takes everything away again: bridges and cables go with their ends. Safe to call after a failure, and twice. */
  remove(): void {
    for (const space of this.#spaces.splice(0)) {
      try {
        run('ip', 'netns', 'del', this.nameOf(space));
      } catch {
        // Somebody else took it away.
      }
    }
  }

  #plug({ space, device, address, bridge }: End): void {
    if (address !== undefined) this.address(space, device, address);
    if (bridge !== undefined) this.#in(space, 'link', 'set', device, 'master', bridge);
    this.link(space, device, 'up');
  }

  #in(space: string, ...argv: readonly string[]): void {
    run('ip', '-n', this.nameOf(space), ...argv);
  }
}

/** Makes something of new namespaces, and takes them away when that fails. */
export function build<T>(what: string, make: (spaces: Namespaces) => T): T {
  const spaces = new Namespaces(what);
  try {
    return make(spaces);
  } catch (error) {
    spaces.remove();
    throw error;
  }
}

/** Why something that needs namespaces cannot be made here; `undefined` when it can: it was made and taken away. */
export function whyNot(attempt: (spaces: Namespaces) => void): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  try {
    build('try', (spaces) => {
      attempt(spaces);
      spaces.remove();
    });
    return undefined;
  } catch (error) {
    return `network namespaces cannot be made: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function run(command: string, ...argv: readonly string[]): string {
  return execFileSync(command, argv, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}
