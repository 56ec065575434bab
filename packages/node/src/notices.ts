import type { MembershipNotice } from '@simpledht/membership';
import type { Logger } from '@simpledht/transport';
import { SimpleDHTError } from '@simpledht/wire';
import type { MapSignal } from './driver/driver.ts';
import type { EventHub } from './events.ts';
import type { Facts } from './facts.ts';
import { toChange } from './versions.ts';
import type { Waiting } from './waiting.ts';

/** Turns what the cores notice into events, log lines and settled calls. */
export class Notices {
  readonly #hub: EventHub;
  readonly #waiting: Waiting;
  readonly #logger: Logger;
  /** Asked for when needed: the facts are made after the layers that notice things. */
  readonly #facts: () => Facts;

  constructor(hub: EventHub, waiting: Waiting, logger: Logger, facts: () => Facts) {
    this.#hub = hub;
    this.#waiting = waiting;
    this.#logger = logger;
    this.#facts = facts;
  }

  readonly onError = (error: Error): void => {
    this.#hub.emit('error', error);
  };

  readonly onNotice = (notice: MembershipNotice): void => {
    switch (notice.type) {
      case 'peer-joined':
      case 'peer-suspect':
      case 'peer-alive':
        this.#logger.info({ peer: notice.member.id, address: notice.member.address }, notice.type);
        this.#hub.emit(notice.type, this.#facts().peer(notice.member));
        break;
      case 'peer-left':
        this.#logger.info({ peer: notice.member.id, reason: notice.reason }, notice.type);
        this.#hub.emit('peer-left', this.#facts().peer(notice.member), notice.reason);
        break;
      case 'observed-address':
        if (this.#facts().observedAddress === notice.address) break;
        this.#facts().observedAddress = notice.address;
        this.#hub.emit('address-observed', notice.address);
        break;
      case 'identity-conflict':
        this.onError(new SimpleDHTError('ERR_REMOTE', 'Another process uses the id of this node'));
        break;
      default:
        this.#onBootstrap(notice);
    }
  };

  readonly onSignal = (signal: MapSignal): void => {
    if (signal.type === 'change') {
      this.#hub.emit('change', toChange(signal.record, signal.cause === 'local'));
      return;
    }
    const { notice } = signal;
    if (notice.type === 'ready') {
      this.#waiting.resolve('ready');
      this.#hub.emit('ready');
    } else if (notice.type === 'synced') this.#hub.emit('synced', notice.peer);
    else if (notice.type === 'progress') this.#hub.emit('progress', notice.records, notice.share);
    else this.#logger.warn({ notice }, notice.type);
  };

  #onBootstrap(notice: Extract<MembershipNotice, { name: string }>): void {
    const { name } = notice;
    switch (notice.type) {
      case 'bootstrap-retry': {
        const { attempt, of, reason } = notice;
        this.#logger.warn(
          { name, reason },
          `Connection attempt ${String(attempt)}/${String(of)} timed out, retrying...`,
        );
        this.#hub.emit('bootstrap-retry', name, attempt, of, reason);
        break;
      }
      case 'bootstrap-failed': {
        const error = bootstrapFailed(name, notice.reason);
        this.#logger.warn({ name }, error.message);
        this.#hub.emit('bootstrap-failed', name, notice.reason);
        this.#waiting.reject(`bootstrap ${name}`, error);
        break;
      }
      case 'self-bootstrap': {
        const reason = 'this is the node itself';
        this.#hub.emit('bootstrap-failed', name, reason);
        this.#waiting.reject(`bootstrap ${name}`, bootstrapFailed(name, reason));
        break;
      }
      case 'bootstrapped':
        this.#hub.emit('bootstrapped', name);
        this.#waiting.resolve(`bootstrap ${name}`);
    }
  }
}

function bootstrapFailed(name: string, reason: string): SimpleDHTError {
  return new SimpleDHTError('ERR_BOOTSTRAP_FAILED', `Failed to bootstrap with ${name}: ${reason}`);
}
