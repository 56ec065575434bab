import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A machine at home, its router with miniupnpd, and a machine outside, as network namespaces. */
export interface Network {
  /** Puts a command on a machine: prefix of its command line. */
  readonly at: (machine: Machine) => readonly [command: string, ...argv: string[]];
  /** Starts the router's daemon with these protocols. */
  readonly startDaemon: (protocols: { readonly upnp: boolean; readonly pmp: boolean }) => Promise<void>;
  readonly stopDaemon: () => Promise<void>;
  /** What the router forwards: text of its rules. */
  readonly rules: () => string;
  /** Forgets every mapping, as a router that restarts does. */
  readonly forget: () => void;
  remove(): Promise<void>;
}

type Machine = 'home' | 'router' | 'outside';

export const homeIp = '10.77.0.2';
const routerIp = '10.77.0.1';
/** Looks public, because a router gives nothing away while its own address is private; nobody can be reached there. */
export const wanIp = '11.0.0.1';
const outsideIp = '11.0.0.2';

const ruleset = `
table inet filter {
  chain miniupnpd {}
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname "lan0" accept
    jump miniupnpd
  }
  chain prerouting_miniupnpd {}
  chain postrouting_miniupnpd {}
  chain prerouting { type nat hook prerouting priority -100; policy accept; jump prerouting_miniupnpd; }
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    oifname "wan0" masquerade
  }
}`;

export function createNetwork(): Network {
  const tag = `sdhtnat${String(process.pid)}`;
  const name = (machine: Machine): string => `${tag}-${machine}`;
  const directory = mkdtempSync(join(tmpdir(), 'simpledht-nat-'));
  let daemon: ChildProcess | undefined;
  const stopDaemon = async (): Promise<void> => {
    if (daemon?.exitCode === null && daemon.signalCode === null) {
      const ended = once(daemon, 'exit');
      daemon.kill('SIGKILL');
      await ended;
    }
    daemon = undefined;
  };
  const inRouter = (command: string, ...argv: readonly string[]): string =>
    run('ip', 'netns', 'exec', name('router'), command, ...argv);
  const load = (rules: string): void => {
    const file = join(directory, 'rules');
    writeFileSync(file, rules);
    inRouter('nft', '-f', file);
  };
  const remove = async (): Promise<void> => {
    await stopDaemon();
    for (const machine of machines) attempt('ip', 'netns', 'del', name(machine));
    rmSync(directory, { recursive: true, force: true });
  };
  const network: Network = {
    at: (machine) => ['ip', 'netns', 'exec', name(machine)],
    startDaemon: async ({ upnp, pmp }) => {
      const file = join(directory, 'miniupnpd.conf');
      writeFileSync(file, configuration(directory, upnp, pmp));
      daemon = spawn('ip', ['netns', 'exec', name('router'), 'miniupnpd', '-d', '-f', file], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      await saying(daemon, /listening for|HTTP listening on port/i);
    },
    stopDaemon,
    rules: () => inRouter('nft', 'list', 'ruleset'),
    forget: () => {
      rmSync(join(directory, 'leases'), { force: true });
      load(`flush ruleset\n${ruleset}`);
    },
    remove,
  };
  try {
    build(name);
    load(ruleset);
  } catch (error) {
    for (const machine of machines) attempt('ip', 'netns', 'del', name(machine));
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
  return network;
}

const machines = ['home', 'router', 'outside'] as const;

function build(name: (machine: Machine) => string): void {
  for (const machine of machines) {
    run('ip', 'netns', 'add', name(machine));
    run('ip', '-n', name(machine), 'link', 'set', 'lo', 'up');
  }
  cable(name, { lan: 'lan0', at: 'home', near: `${routerIp}/24`, far: `${homeIp}/24` });
  cable(name, { lan: 'wan0', at: 'outside', near: `${wanIp}/24`, far: `${outsideIp}/24` });
  run('ip', '-n', name('home'), 'route', 'add', 'default', 'via', routerIp);
  run('ip', 'netns', 'exec', name('router'), 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
}

interface Cable {
  readonly lan: string;
  readonly at: Machine;
  readonly near: string;
  readonly far: string;
}

function cable(name: (machine: Machine) => string, { lan, at, near, far }: Cable): void {
  const [router, machine] = [name('router'), name(at)];
  run('ip', 'link', 'add', lan, 'netns', router, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', machine);
  run('ip', '-n', router, 'addr', 'add', near, 'dev', lan);
  run('ip', '-n', machine, 'addr', 'add', far, 'dev', 'eth0');
  run('ip', '-n', router, 'link', 'set', lan, 'up');
  run('ip', '-n', machine, 'link', 'set', 'eth0', 'up');
}

function configuration(directory: string, upnp: boolean, pmp: boolean): string {
  const word = (on: boolean): string => (on ? 'yes' : 'no');
  return [
    'ext_ifname=wan0',
    'listening_ip=lan0',
    'port=0',
    `enable_upnp=${word(upnp)}`,
    `enable_natpmp=${word(pmp)}`,
    'secure_mode=yes',
    'system_uptime=no',
    'uuid=00000000-0000-4000-8000-000000000001',
    `lease_file=${join(directory, 'leases')}`,
    'min_lifetime=1',
    'allow 1024-65535 0.0.0.0/0 1024-65535',
    '',
  ].join('\n');
}

/** Why there is no such network here; `undefined` when there is. */
export async function whyNoNetwork(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'network namespaces are of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  for (const [command, name] of [
    ['ip', 'iproute2'],
    ['nft', 'nftables'],
    ['miniupnpd', 'miniupnpd-nftables'],
  ] as const)
    if (!isInstalled(command)) return `${command} is not installed: Debian package ${name}`;
  try {
    await createNetwork().remove();
    return undefined;
  } catch (error) {
    return `network namespaces cannot be made: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function isInstalled(command: string): boolean {
  try {
    run('sh', '-c', `command -v ${command}`);
    return true;
  } catch {
    return false;
  }
}

async function saying(child: ChildProcess, pattern: RegExp): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      said += chunk.toString();
      if (pattern.test(said)) resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', () => {
      reject(new Error(`ended:\n${said}`));
    });
  });
}

function run(command: string, ...argv: readonly string[]): string {
  return execFileSync(command, argv, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}

function attempt(command: string, ...argv: readonly string[]): void {
  try {
    run(command, ...argv);
  } catch {
    // It was never made.
  }
}
