import type { Address } from '@simpledht/wire';
import type { Link } from '../link/link.ts';
import type { OutgoingMessage } from '../link/outgoing-message.ts';
import { PendingRequest } from '../pending-requests.ts';

/** A request on a link. */
export class LinkRequest extends PendingRequest {
  readonly link: Link<LinkRequest>;
  message: OutgoingMessage<LinkRequest> | undefined;

  constructor(
    target: { readonly to: Address; readonly link: Link<LinkRequest>; readonly dueMs: number },
    resolve: (reply: Uint8Array) => void,
    reject: (reason: unknown) => void,
  ) {
    super(target, resolve, reject);
    this.link = target.link;
  }

  protected override withdraw(): void {
    if (this.message !== undefined) this.link.cancel(this.message);
  }
}
