import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createNetwork, homeIp, neighbourIp, wanIp, whyNoNetwork, type Network } from './support/network.ts';

const reason = whyNoNetwork();

const program = fileURLToPath(new URL('support/home.ts', import.meta.url));
const fromSources = ['--conditions=@simpledht/source', '--import', 'tsx'];
/** Says one thing, and tells what comes back: its echo, or that the router has nobody at that port. */
const caller = `
  const socket = require('node:dgram').createSocket('udp4');
  const tell = (answer) => { process.stdout.write(String(answer)); socket.close(); };
  socket.on('message', tell).on('error', ({ code }) => tell(code));
  socket.connect(5000, '${wanIp}', () => socket.send('hello'));`;

function network(): Network {
  const made = createNetwork();
  onTestFinished(() => made.remove());
  return made;
}

/** The machine at home, and what it says. */
function startHome(world: Network): { next: (type: string) => Promise<Record<string, unknown>>; stop: () => void } {
  const [command, ...argv] = [...world.at('home'), process.execPath, ...fromSources, program];
  const child = spawn(command, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (type: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const line = await lines.next();
      if (line.done === true) throw new Error(`ended without ${type}`);
      const event = JSON.parse(line.value) as Record<string, unknown>;
      if (event['type'] === type) return event;
    }
  };
  return { next, stop: () => void child.stdin.write('\n') };
}

function callFromOutside(world: Network): string {
  const [command, ...argv] = [...world.at('outside'), process.execPath, '-e', caller];
  // No answer at all is a failure: the test's own time cannot end a call that blocks.
  return execFileSync(command, argv, { encoding: 'utf8', timeout: 5000 });
}

/** The rule that sends packets on to the port. */
const forwards = (world: Network): boolean => world.rules().includes(`dnat ip to ${homeIp}:5000`);

/** Asks again and again; each time takes as long as a process does to start. The test's own time bounds it. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

const skipped = reason === undefined ? '' : `, skipped: ${reason}`;

describe.skipIf(reason !== undefined)(`a router with miniupnpd${skipped}`, () => {
  it.each([
    ['UPnP 2', { upnp: 2 }],
    ['UPnP 1', { upnp: 1 }],
    ['NAT-PMP', { pmp: true }],
  ] as const)('gives a mapping by %s, again when it forgot, and takes it back', async (name, protocols) => {
    const world = network();
    await world.startDaemon(protocols);
    expect([forwards(world), callFromOutside(world)]).toEqual([false, 'ECONNREFUSED']);

    const home = startHome(world);
    expect(await home.next('mapped')).toEqual({
      type: 'mapped',
      address: `${wanIp}:5000`,
      via: name.replace(/ \d/, ''),
    });
    expect([forwards(world), callFromOutside(world)]).toEqual([true, 'hello']);

    // A router that restarts knows nothing any more: the next renewal maps the port anew.
    await world.stopDaemon();
    world.forget();
    expect(forwards(world)).toBe(false);
    await world.startDaemon(protocols);
    await until(() => forwards(world));
    expect(callFromOutside(world)).toBe('hello');

    home.stop();
    const { tookMs } = await home.next('stopped');
    expect([forwards(world), callFromOutside(world)]).toEqual([false, 'ECONNREFUSED']);
    expect(tookMs).toBeLessThan(2500);
  });

  it('of version 1 gives another port when a machine has it, renews that, and takes back only that', async () => {
    const world = network();
    world.giveAway(5000);
    await world.startDaemon({ upnp: 1 });
    const ports = (ip: string): readonly (string | undefined)[] =>
      [...world.rules().matchAll(new RegExp(`dport (\\d+) dnat ip to ${ip}:5000`, 'g'))].map(([, port]) => port);
    expect([ports(neighbourIp), ports(homeIp)]).toEqual([['5000'], []]);

    const home = startHome(world);
    expect(await home.next('mapped')).toMatchObject({ address: `${wanIp}:5001` });
    expect(world.passedOver()).toBeGreaterThan(0);
    await world.renewed();
    expect([ports(neighbourIp), ports(homeIp)]).toEqual([['5000'], ['5001']]);

    home.stop();
    await home.next('stopped');
    expect([ports(neighbourIp), ports(homeIp)]).toEqual([['5000'], []]);
  });

  it('that knows neither is no harm: the reason is told, and stopping is fast', async () => {
    const world = network();
    const home = startHome(world);
    const { reason: told } = await home.next('failed');
    expect(told).toMatch(/^UPnP: no router answers; NAT-PMP: 10\.77\.0\.1/);
    home.stop();
    expect(await home.next('stopped')).toMatchObject({ type: 'stopped' });
  });
});
