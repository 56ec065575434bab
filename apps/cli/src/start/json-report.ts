import type { DHTNode, Peer } from '@simpledht/node';
import type { Output } from '../output.ts';
import type { Report } from './report.ts';

/** The life of a node as NDJSON: every line has `event` and `time` (ISO 8601). */
export class JsonReport implements Report {
  readonly #output: Output;

  constructor(output: Output, node: DHTNode) {
    this.#output = output;
    this.#print('started', startedFacts(node));
    if (node.info().ready) this.#print('ready', { size: node.size });
    else
      node.once('ready', () => {
        this.#print('ready', { size: node.size });
      });
    this.#tellOfPeers(node);
    this.#tellOfAddresses(node);
    node.on('error', ({ message }) => {
      this.#print('error', { message });
    });
  }

  mapped(address: string, via: string): void {
    this.#print('port-mapped', { address, via });
  }

  notMapped(reason: string): void {
    this.#print('port-not-mapped', { reason });
  }

  stopping(signal: NodeJS.Signals): void {
    this.#print('stopping', { signal });
  }

  stopped(): void {
    this.#print('stopped', {});
  }

  #tellOfPeers(node: DHTNode): void {
    for (const event of ['peer-joined', 'peer-suspect', 'peer-alive', 'peer-restarted'] as const)
      node.on(event, (peer) => {
        this.#print(event, { peer: peerFacts(peer) });
      });
    node.on('peer-left', (peer, reason) => {
      this.#print('peer-left', { peer: peerFacts(peer), reason });
    });
    node.on('peer-moved', (peer, from) => {
      this.#print('peer-moved', { peer: peerFacts(peer), from });
    });
    node.on('peer-duplicated', (peer, other) => {
      this.#print('peer-duplicated', { peer: peerFacts(peer), other });
    });
    node.on('peer-forgotten', (id) => {
      this.#print('peer-forgotten', { id });
    });
  }

  #tellOfAddresses(node: DHTNode): void {
    node.on('bootstrapped', (name) => {
      this.#print('bootstrapped', { name });
    });
    node.on('bootstrap-retry', (name, attempt, of, reason) => {
      this.#print('bootstrap-retry', { name, attempt, of, reason });
    });
    node.on('bootstrap-failed', (name, reason) => {
      this.#print('bootstrap-failed', { name, reason });
    });
    node.on('peer-discovered', ({ id, address }) => {
      this.#print('peer-discovered', { id, address });
    });
    node.on('discovery-failed', (address, reason) => {
      this.#print('discovery-failed', { address, reason });
    });
    node.on('address-observed', (address) => {
      this.#print('address-observed', { address });
    });
    node.on('public-address', (address) => {
      this.#print('public-address', { address });
    });
    node.on('public-address-failed', (reason) => {
      this.#print('public-address-failed', { reason });
    });
  }

  #print(event: string, facts: object): void {
    this.#output.json({ event, time: new Date().toISOString(), ...facts });
  }
}

function startedFacts(node: DHTNode): object {
  const { id, address, port, localAddresses, publicAddress, protocol, secure } = { port: node.port, ...node.info() };
  return { id, address, port, localAddresses, publicAddress: publicAddress ?? null, protocol, secure };
}

function peerFacts({ id, address, state }: Peer): object {
  return { id, address, state };
}
