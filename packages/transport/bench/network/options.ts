/** A way from one machine to another; the way back is the same. */
export interface LineOptions {
  /** Each way. */
  readonly delayMs: number;
  /** Part of datagrams, each way. */
  readonly loss: number;
  readonly bytesPerSecond: number;
  readonly queueBytes: number;
}

export interface RelayOptions {
  readonly receiver: { readonly ip: string; readonly port: number };
  readonly receiverSideIp: string;
  readonly senderSideIps: readonly string[];
  readonly line: LineOptions;
}

export interface ReceiverOptions {
  readonly ip: string;
  readonly receiveBufferBytes: number;
}

export interface SenderOptions {
  readonly ip: string;
  readonly to: string;
  readonly receiveBufferBytes: number;
  readonly bytes: number;
  /** Asks small requests meanwhile. */
  readonly asksSmall: boolean;
}

export interface SenderFigures {
  readonly seconds: number;
  /** Of requests that came back otherwise than they were, or not at all. */
  readonly failures: number;
  readonly smallMs: readonly number[];
  readonly counters: Readonly<Record<string, number>>;
}
