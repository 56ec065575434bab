import { limitReached } from '@simpledht/transport/adapter';
import { SimpleDHTError, type Address } from '@simpledht/wire';
import type { DownReason } from '../core/effects.ts';

/** How a request fails when its connection is over. */
export function linkDown(to: Address, reason: DownReason): SimpleDHTError {
  const code = reason === 'refused: no common protocol version' ? 'ERR_UNSUPPORTED_VERSION' : 'ERR_LINK_DOWN';
  return new SimpleDHTError(code, `Link to ${to} is down: ${reason}`);
}

export function notAnAddress(to: Address): SimpleDHTError {
  return new SimpleDHTError('ERR_LINK_DOWN', `${to} is no address that can be reached from here`);
}

/** How a request fails that the peer did not take, or whose reply this side did not. */
export function refused(to: Address, isTooLarge: boolean): SimpleDHTError {
  if (!isTooLarge) return limitReached(`the request to ${to}, or its reply, found no memory to be put together in`);
  const text = `The request to ${to}, or its reply, is longer than that side takes`;
  return new SimpleDHTError('ERR_MESSAGE_TOO_LARGE', text);
}
