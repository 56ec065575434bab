import type { DHTNode, Peer } from '@simpledht/node';
import { isPublic, publicIpLine, splitAddress } from '../addresses.ts';
import type { Output } from '../output.ts';
import { count } from '../values.ts';
import { noAnswerHints, startHints } from './hints.ts';
import type { Report, StartOptions } from './report.ts';
import { StatusLine } from './status-line.ts';

/** The life of a node in sentences, those of the original first. */
export class TextReport implements Report {
  readonly #output: Output;
  readonly #node: DHTNode;
  readonly #status: StatusLine;
  readonly #severalNames: boolean;
  /** Bootstrap names of which every attempt went without an answer. */
  readonly #silent = new Set<string>();

  constructor(output: Output, node: DHTNode, options: StartOptions) {
    this.#output = output;
    this.#node = node;
    this.#severalNames = options.bootstrap.length > 1;
    this.#introduce(options);
    this.#followSync();
    this.#followPeers();
    this.#followBootstrap(options);
    this.#followAddress();
    node.on('error', ({ message }) => {
      output.say(`${output.paintWords.red('Error:')} ${message}`);
    });
    this.#status = new StatusLine(output, node);
  }

  mapped(address: string, via: string): void {
    this.#output.answer(this.#output.paint.green(`The router forwards ${address} to this node (${via})`));
  }

  notMapped(reason: string): void {
    this.#output.say(`${this.#output.paintWords.yellow('The router forwards no port to this node:')} ${reason}`);
  }

  stopping(): void {
    this.#status.close();
    this.#output.say('Stopping: saying goodbye to the other nodes');
  }

  stopped(): void {
    this.#output.answer('Node stopped');
  }

  #introduce(options: StartOptions): void {
    const { paint } = this.#output;
    const node = this.#node;
    this.#output.answer(paint.green(`Node started successfully on ${node.address}`));
    this.#output.answer(`Public IP: ${publicIpLine(node.publicAddress)}`);
    this.#output.answer(`Node ID: ${node.id}`);
    this.#output.answer(`Local addresses: ${node.localAddresses.join(', ')}`);
    for (const hint of startHints(node, options)) this.#output.say(hint);
    for (const name of options.bootstrap) this.#output.say(`Joining through ${name} ...`);
    if (options.discover === true) this.#followDiscovery();
  }

  #followSync(): void {
    const tell = (): void => {
      this.#output.answer(`In sync: ${count(this.#node.size, 'key')}`);
    };
    if (this.#node.info().ready) tell();
    else this.#node.once('ready', tell);
  }

  #followPeers(): void {
    const { paint } = this.#output;
    const tell = (line: string): void => {
      this.#output.answer(line);
    };
    this.#node.on('peer-joined', (peer) => {
      tell(paint.green(`Node joined: ${nameOf(peer)}`));
    });
    this.#node.on('peer-suspect', (peer) => {
      tell(paint.yellow(`Node does not answer: ${nameOf(peer)}`));
    });
    this.#node.on('peer-alive', (peer) => {
      tell(paint.green(`Node answers again: ${nameOf(peer)}`));
    });
    this.#node.on('peer-left', (peer, reason) => {
      if (reason === 'left') tell(paint.dim(`Node left: ${nameOf(peer)}`));
      else if (reason === 'dead') tell(paint.red(`Node is dead: ${nameOf(peer)}`));
      else tell(paint.dim(`Node replaced by a new one at its address: ${nameOf(peer)}`));
    });
  }

  #followBootstrap(options: StartOptions): void {
    const { paint, paintWords } = this.#output;
    this.#node.on('bootstrapped', (name) => {
      this.#output.answer(paint.green(`Joined the network through ${name}`));
    });
    this.#node.on('bootstrap-retry', (name, attempt, of, reason) => {
      const which = this.#severalNames ? ` (${name})` : '';
      const why = isSilence(reason) ? 'timed out' : `failed (${reason})`;
      this.#output.say(
        paintWords.yellow(`Connection attempt ${String(attempt)}/${String(of)} ${why}, retrying...${which}`),
      );
    });
    this.#node.on('bootstrap-failed', (name, reason) => {
      this.#output.say(`${paintWords.red(`Failed to bootstrap with ${name}:`)} ${reason}`);
      this.#output.say('The node runs and goes on trying in the background');
      if (isSilence(reason) || options.transport === 'tcp') this.#silent.add(name);
      this.#tellSilence(options);
    });
  }

  /** Only when nobody has answered: who hears one node over this transport has no use for another one. */
  #tellSilence(options: StartOptions): void {
    const names = [...new Set(options.bootstrap)];
    if (names.every((name) => this.#silent.has(name)) && this.#node.peers.length === 0)
      for (const line of noAnswerHints(names, options)) this.#output.say(line);
  }

  /** That a node which was found does not answer is said in dim words: anybody on the network can make it so. */
  #followDiscovery(): void {
    this.#output.say('Looking for nodes on this network ...');
    this.#node.on('peer-discovered', ({ address }) => {
      this.#output.say(`Found ${address} on this network`);
    });
    this.#node.on('discovery-failed', (address, reason) => {
      this.#output.say(this.#output.paintWords.dim(`No answer from ${address}, which was found: ${reason}`));
    });
  }

  #followAddress(): void {
    this.#node.on('public-address', (address) => {
      const { host } = splitAddress(address);
      if (isPublic(host)) this.#output.answer(`Public IP: ${host}`);
      else if (!this.#node.localAddresses.includes(address))
        this.#output.answer(`Other nodes see this one as ${address}`);
    });
    this.#node.on('public-address-failed', (reason) => {
      this.#output.say(`${this.#output.paintWords.yellow('Failed to get public IP:')} ${reason}`);
    });
  }
}

/** An attempt failed because nothing came back. */
function isSilence(reason: string): boolean {
  return /time|answer|response|reply/i.test(reason);
}

/** Enough of the id to tell nodes apart, and the address. */
function nameOf({ id, address }: Peer): string {
  return `${id.slice(0, 8)} at ${address}`;
}
