import { PendingRequest } from '@simpledht/transport/adapter';
import type { Connection } from '../core/connection.ts';

/** A request on a connection. */
export class ConnectionRequest extends PendingRequest {
  /** Where it waits, and under which id; both change when it moves to another connection. */
  at: { readonly connection: Connection<ConnectionRequest>; readonly id: number } | undefined;

  protected override withdraw(): void {
    this.at?.connection.cancel(this.at.id);
  }
}
