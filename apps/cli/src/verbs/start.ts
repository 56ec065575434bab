import type { Command } from 'commander';
import { Option } from 'commander';
import { perform, verb, type Context } from '../context.ts';
import {
  jsonOption,
  parseAdvertise,
  parseBootstrap,
  parseDirectory,
  parseHost,
  parseKeepalive,
  parseListenPort,
  parseMtu,
  parseStun,
  presetOption,
  secretFileOption,
} from '../options.ts';
import type { StartOptions } from '../start/report.ts';
import { transportOptions } from '../transport.ts';

const notes = `Runs until Ctrl+C or SIGTERM, says goodbye to the other nodes and ends with exit
code 0; a second Ctrl+C ends it at once. When no bootstrap node answers, the node
runs alone and goes on trying.`;

export function startCommand(context: Context): Command {
  return verb({
    name: 'start',
    description: 'run a node until Ctrl+C',
    options: [
      new Option('--host <host>', 'address to listen on; :: for IPv4 and IPv6')
        .default('0.0.0.0')
        .env('SIMPLEDHT_HOST')
        .argParser(parseHost),
      new Option('--port <port>', 'port to listen on; 0 takes a free one')
        .default(5000)
        .env('SIMPLEDHT_PORT')
        .argParser(parseListenPort),
      new Option('--bootstrap <nodes>', 'nodes to join through: HOST:PORT,HOST:PORT')
        .default([], 'none')
        .env('SIMPLEDHT_BOOTSTRAP')
        .argParser(parseBootstrap),
      new Option('--discover', 'find nodes of the same cluster on the local network'),
      ...transportOptions(),
      ...addressOptions(),
      new Option('--mtu <bytes>', 'with udp: largest packet to other machines, 1500 on Ethernet').argParser(parseMtu),
      new Option('--keepalive <duration>', 'with udp: say something at least so often, such as 20s').argParser(
        parseKeepalive,
      ),
      presetOption(),
      new Option('--data <directory>', 'keep data and node id in this directory (default: in memory)')
        .env('SIMPLEDHT_DATA')
        .argParser(parseDirectory),
      secretFileOption(),
      jsonOption('print events as JSON, one object a line'),
    ],
    notes,
    examples: [
      ['simpledht start', 'the first node'],
      ['simpledht start --bootstrap 203.0.113.7:5000', 'on another machine, joined to the first'],
      ['simpledht start --discover', 'on each machine of one network: they find each other'],
      ['simpledht start --data ./data', 'a node that has its data and its id again when it restarts'],
      ['simpledht start --secret-file cluster.key', 'only who has the secret gets in, and all is encrypted'],
      ['simpledht start --map-port', 'at home, reached from outside through the router'],
      ['simpledht start --port 5001 --bootstrap 127.0.0.1:5000', 'a second one on this machine'],
    ],
  }).action((options: StartOptions) =>
    perform(context, options.json, async () => {
      // Only this verb needs it: the others, and `--version`, do not wait for it.
      const { runNode } = await import('../start/run-node.ts');
      return runNode(context.output, options);
    }),
  );
}

/** How others outside this network reach the node. */
function addressOptions(): readonly Option[] {
  return [
    new Option('--advertise <address>', 'HOST:PORT where others reach this node (port forwarding)').argParser(
      parseAdvertise,
    ),
    new Option('--stun <servers>', 'with udp: ask STUN servers for the public address: HOST:PORT,HOST:PORT')
      .default([], 'nobody is asked')
      .env('SIMPLEDHT_STUN')
      .argParser(parseStun),
    new Option('--map-port', 'with udp: have the router forward the port, by UPnP or NAT-PMP').default(false),
  ];
}
