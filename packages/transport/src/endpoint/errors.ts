import type { Address, ErrorCode } from '@simpledht/wire';
import { SimpleDHTError } from '@simpledht/wire';
import type { LinkDownReason } from '../link/link-effects.ts';

/** How a request fails when its link is over. */
export function linkDown(to: string, reason: LinkDownReason): SimpleDHTError {
  const refused = reason === 'refused: no common protocol version';
  const code: ErrorCode = refused ? 'ERR_UNSUPPORTED_VERSION' : 'ERR_LINK_DOWN';
  return new SimpleDHTError(code, `Link to ${to} is down: ${reason}`);
}

export function limitReached(what: string): SimpleDHTError {
  return new SimpleDHTError('ERR_LIMIT_REACHED', `Limit reached: ${what}`);
}

export function tooLarge(bytes: number, maxBytes: number): SimpleDHTError {
  const text = `Message of ${String(bytes)} bytes; at most ${String(maxBytes)} are carried`;
  return new SimpleDHTError('ERR_MESSAGE_TOO_LARGE', text);
}

export function transportClosed(): SimpleDHTError {
  return new SimpleDHTError('ERR_CLOSED', 'The transport is closed');
}

/** Told, not thrown: a peer that cannot be understood. */
export function otherSecret(from: Address, hasSecret: boolean): SimpleDHTError {
  const which = hasSecret ? 'without the secret of this node' : 'with a secret, and this node has none';
  return new SimpleDHTError('ERR_OTHER_SECRET', `${from} wants to connect ${which}; it gets no answer`);
}
