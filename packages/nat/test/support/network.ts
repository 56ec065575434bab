import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, whyNot, type Namespaces, type Prefix } from '@simpledht/namespaces';

/** A machine at home, its router with miniupnpd, and a machine outside, as network namespaces. */
export interface Network {
  /** Puts a command on a machine. */
  readonly at: (machine: Machine) => Prefix;
  readonly startDaemon: (protocols: Protocols) => Promise<void>;
  readonly stopDaemon: () => Promise<void>;
  /** What the router forwards: text of its rules. */
  readonly rules: () => string;
  /** Searches for version 2 that a router of version 1 passed over. */
  readonly passedOver: () => number;
  /** Has the daemon, when it starts, know that another machine has the port. */
  readonly giveAway: (port: number) => void;
  /** Settles when the daemon has written another time into its list of mappings. */
  readonly renewed: () => Promise<void>;
  /** Forgets every mapping, as a router that restarts does. */
  readonly forget: () => void;
  remove(): Promise<void>;
}

/** What the router's daemon speaks. */
interface Protocols {
  /** Version of the InternetGatewayDevice that it announces. */
  readonly upnp?: 1 | 2;
  readonly pmp?: boolean;
}

type Machine = 'home' | 'router' | 'outside';

export const homeIp = '10.77.0.2';
export const neighbourIp = '10.77.0.3';
const routerIp = '10.77.0.1';
/** Looks public, because a router gives nothing away while its own address is private; nobody can be reached there. */
export const wanIp = '11.0.0.1';
const outsideIp = '11.0.0.2';

const ruleset = `
table inet filter {
  chain miniupnpd {}
  chain input { type filter hook input priority 0; policy accept; }
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

/** A search up to the version that it is for. */
const search = [
  'M-SEARCH * HTTP/1.1',
  'HOST: 239.255.255.250:1900',
  'MAN: "ssdp:discover"',
  'MX: 1',
  'ST: urn:schemas-upnp-org:device:InternetGatewayDevice:',
].join('\r\n');

/** Drops searches for version 2: miniupnpd answers a search for any, also when it announces version 1; old routers do not. */
const dropSearchesForTwo = `udp dport 1900 @th,${String(8 * (8 + search.length))},8 0x32 counter drop`;

export function createNetwork(): Network {
  return build('nat', networkOf);
}

function networkOf(spaces: Namespaces): Network {
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
  const inRouter = (command: string, ...argv: readonly string[]): string => spaces.run('router', command, ...argv);
  const load = (rules: string): void => {
    const file = join(directory, 'rules');
    writeFileSync(file, rules);
    inRouter('nft', '-f', file);
  };
  const remove = async (): Promise<void> => {
    await stopDaemon();
    spaces.remove();
    rmSync(directory, { recursive: true, force: true });
  };
  const network: Network = {
    at: (machine) => spaces.at(machine),
    startDaemon: async (protocols) => {
      if (protocols.upnp === 1) inRouter('nft', `add rule inet filter input ${dropSearchesForTwo}`);
      const file = join(directory, 'miniupnpd.conf');
      writeFileSync(file, configuration(directory, protocols));
      const [ip, ...prefix] = spaces.at('router');
      daemon = spawn(ip, [...prefix, 'miniupnpd', '-d', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] });
      await saying(daemon, /listening for|HTTP listening on port/i);
    },
    stopDaemon,
    rules: () => inRouter('nft', 'list', 'ruleset'),
    passedOver: () => Number(/counter packets (\d+) bytes \d+ drop/.exec(inRouter('nft', 'list', 'ruleset'))?.[1] ?? 0),
    giveAway: (port) => {
      writeFileSync(join(directory, 'leases'), `UDP:${String(port)}:${neighbourIp}:${String(port)}:0:neighbour\n`);
    },
    renewed: async () => {
      const leases = (): string => readFileSync(join(directory, 'leases'), 'utf8');
      const before = leases();
      for await (const { filename } of watch(directory)) if (filename === 'leases' && leases() !== before) return;
    },
    forget: () => {
      rmSync(join(directory, 'leases'), { force: true });
      load(`flush ruleset\n${ruleset}`);
    },
    remove,
  };
  try {
    connect(spaces);
    load(ruleset);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
  return network;
}

function connect(spaces: Namespaces): void {
  spaces.add('home', 'router', 'outside');
  spaces.cable(
    { space: 'router', device: 'lan0', address: `${routerIp}/24` },
    { space: 'home', device: 'eth0', address: `${homeIp}/24` },
  );
  spaces.cable(
    { space: 'router', device: 'wan0', address: `${wanIp}/24` },
    { space: 'outside', device: 'eth0', address: `${outsideIp}/24` },
  );
  spaces.route('home', routerIp);
  spaces.run('router', 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
}

function configuration(directory: string, { upnp, pmp = false }: Protocols): string {
  const word = (on: boolean): string => (on ? 'yes' : 'no');
  return [
    'ext_ifname=wan0',
    'listening_ip=lan0',
    'port=0',
    `enable_upnp=${word(upnp !== undefined)}`,
    `force_igd_desc_v1=${word(upnp === 1)}`,
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
export function whyNoNetwork(): string | undefined {
  const missing = needed.find(([command]) => !isInstalled(command));
  if (missing !== undefined) return `${missing[0]} is not installed: Debian package ${missing[1]}`;
  return whyNot((spaces) => {
    connect(spaces);
    spaces.run('router', 'nft', 'list', 'ruleset');
  });
}

const needed = [
  ['ip', 'iproute2'],
  ['nft', 'nftables'],
  ['miniupnpd', 'miniupnpd-nftables'],
] as const;

function isInstalled(command: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' });
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
