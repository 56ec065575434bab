import type { MembershipNotice } from '@simpledht/membership';
import { splitKey, type ReplicaNotice } from '@simpledht/storage';
import type { Logger } from '@simpledht/transport';
import { SimpleDHTError } from '@simpledht/wire';
import type { DiscoveryEvent, MapSignal } from './driver/driver.ts';
import type { EventHub } from './events.ts';
import type { Facts } from './facts.ts';
import type { Namespaces } from './namespaces.ts';
import type { OwnAddress } from './own-address.ts';
import { isExpiry, toChange, versionOf } from './versions.ts';
import type { Waiting } from './waiting.ts';
import type { ChangeFeed, MapChange } from './watch/feed.ts';

/** Who is told, beside listeners. Asked for when needed: they are made after the layers that notice things. */
export interface Told {
  readonly facts: () => Facts;
  readonly feed: () => ChangeFeed;
  readonly namespaces: () => Namespaces;
  readonly ownAddress: OwnAddress;
}

/** Turns what the cores notice into events, log lines and settled calls. */
export class Notices {
  readonly #hub: EventHub;
  readonly #waiting: Waiting;
  readonly #logger: Logger;
  readonly #told: Told;

  constructor(hub: EventHub, waiting: Waiting, logger: Logger, told: Told) {
    this.#hub = hub;
    this.#waiting = waiting;
    this.#logger = logger;
    this.#told = told;
  }

  readonly onError = (error: Error): void => {
    this.#hub.emit('error', error);
  };

  readonly onDiscovery = (event: DiscoveryEvent): void => {
    this.#logger.info({ ...event }, 'discovery');
    if (event.type === 'unreachable') this.#hub.emit('discovery-failed', event.address, event.reason);
    else this.#hub.emit('peer-discovered', { id: event.found.id, address: event.found.address });
  };

  readonly onNotice = (notice: MembershipNotice): void => {
    switch (notice.type) {
      case 'peer-joined':
      case 'peer-suspect':
      case 'peer-alive':
        this.#logger.info({ peer: notice.member.id, address: notice.member.address }, notice.type);
        this.#hub.emit(notice.type, this.#told.facts().peer(notice.member));
        break;
      case 'peer-left':
        this.#logger.info({ peer: notice.member.id, reason: notice.reason }, notice.type);
        this.#hub.emit('peer-left', this.#told.facts().peer(notice.member), notice.reason);
        break;
      case 'peer-restarted':
        this.#logger.info({ peer: notice.member.id }, notice.type);
        this.#hub.emit('peer-restarted', this.#told.facts().peer(notice.member));
        break;
      case 'peer-moved':
        this.#logger.info({ peer: notice.member.id, from: notice.from }, notice.type);
        this.#hub.emit('peer-moved', this.#told.facts().peer(notice.member), notice.from);
        break;
      case 'peer-duplicated':
        this.#logger.warn({ peer: notice.member.id, other: notice.other }, notice.type);
        this.#hub.emit('peer-duplicated', this.#told.facts().peer(notice.member), notice.other);
        break;
      case 'peer-forgotten':
        this.#logger.info({ peer: notice.member.id }, notice.type);
        this.#hub.emit('peer-forgotten', notice.member.id);
        break;
      case 'recalled':
        break;
      case 'observed-address':
        this.#told.ownAddress.observe(notice.address);
        break;
      case 'identity-conflict':
        this.#hub.emit('identity-conflict', notice.address === '' ? undefined : notice.address);
        this.onError(new SimpleDHTError('ERR_REMOTE', 'Another process uses the id of this node'));
        break;
      default:
        this.#onBootstrap(notice);
    }
  };

  readonly onSignal = (signal: MapSignal): void => {
    if (signal.type === 'change') this.#onChange(signal);
    else if (signal.type === 'mark') this.#told.feed().mark(signal);
    else this.#onMapNotice(signal.notice);
  };

  #onChange(change: MapChange): void {
    const { record, previous, cause } = change;
    this.#told.feed().change(change);
    this.#hub.emit('change', toChange(record, cause));
    // One that was away for all of the value's time hears of its end alone.
    if (isExpiry(record, cause) && previous !== undefined && previous.value !== null)
      this.#hub.emit('expired', { ...splitKey(record.key), version: versionOf(previous) });
  }

  #onMapNotice(notice: ReplicaNotice): void {
    switch (notice.type) {
      case 'ready':
        this.#told.namespaces().recount();
        this.#waiting.resolve('ready');
        this.#hub.emit('ready');
        return;
      case 'synced':
        this.#hub.emit('synced', notice.peer);
        return;
      case 'progress':
        this.#hub.emit('progress', notice.records, notice.share);
        return;
      case 'divergence':
        this.#hub.emit('diverged', notice.peer);
        break;
      case 'repaired':
        this.#hub.emit('repaired', notice.peer);
        break;
      case 'clock-skew': {
        const { peer: id, offsetMs, quarantined } = notice;
        this.#hub.emit('clock-skew', { id, offsetMs, quarantined });
        break;
      }
      case 'sync-paused':
        this.#hub.emit('store-full', { keys: notice.keys, bytes: notice.bytes });
        break;
      case 'sync-resumed':
        this.#hub.emit('store-relieved');
        break;
      case 'origin-changed':
        // Numbers that were covered are not any more, and may come to mean other writes.
        this.#told.feed().reset();
        this.#hub.emit('origin-changed');
        break;
      default:
    }
    this.#logger.warn({ notice }, notice.type);
  }

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
