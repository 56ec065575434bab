import { protocolVersion } from '@simpledht/wire';
import { Connection } from '../../src/core/connection.ts';
import type { ConnectionCounters } from '../../src/core/connection-options.ts';
import type { ConnectionEffect, DropReason } from '../../src/core/effects.ts';
import { closeCode } from '../../src/core/frame.ts';
import { FrameReader } from '../../src/core/frame-reader.ts';
import type { Hello } from '../../src/core/hello.ts';
import { PartialBudget } from '../../src/core/partial-messages.ts';
import { checkedSettings, type TcpSettings } from '../../src/core/settings.ts';

export type Effect = ConnectionEffect<string>;

/** A connection core with what happened to it; requests are known by texts. */
export class Core {
  readonly connection: Connection<string>;
  readonly effects: Effect[] = [];
  readonly dropped: DropReason[] = [];
  readonly counters: ConnectionCounters = {
    payloadsDropped: 0,
    repliesUnwanted: 0,
    drop: (reason) => this.dropped.push(reason),
  };
  readonly budget: PartialBudget;
  readonly settings: TcpSettings;

  constructor(dialled: boolean, me: Partial<Hello> = {}, settings: Partial<TcpSettings> = {}) {
    this.settings = checkedSettings(settings);
    this.budget = new PartialBudget(this.settings.maxPartialBytesOfAll);
    this.connection = new Connection({
      settings: this.settings,
      budget: this.budget,
      counters: this.counters,
      me: helloOf({ instance: new Uint8Array(8).fill(dialled ? 1 : 2), ...me }),
      dialled,
      nowMs: 0,
    });
  }

  /** Everything that it wants to write. */
  output(nowMs: number = 0, maxBytes: number = Infinity): Uint8Array {
    const pieces = this.connection.pull(maxBytes, nowMs);
    const bytes = new Uint8Array(Buffer.concat(pieces));
    this.connection.onWritten(bytes.length, nowMs);
    return bytes;
  }

  input(bytes: Uint8Array, nowMs: number = 0): void {
    let at = 0;
    do {
      at += this.connection.receive(bytes.subarray(at), nowMs);
      this.note();
    } while (at < bytes.length);
  }

  note(): void {
    for (const effect of this.connection.take()) {
      this.effects.push(effect);
      if (effect.type === 'hello') this.connection.accept();
    }
  }

  of<Type extends Effect['type']>(type: Type): Extract<Effect, { type: Type }>[] {
    this.note();
    return this.effects.filter((effect): effect is Extract<Effect, { type: Type }> => effect.type === type);
  }

  get downReason(): string | undefined {
    return this.of('down')[0]?.reason;
  }
}

export function helloOf(changed: Partial<Hello> = {}): Hello {
  return { versions: protocolVersion, clusterTag: 0, instance: new Uint8Array(8), port: 5000, ...changed };
}

/** A caller and who was called, both up. */
export function pair(settings: Partial<TcpSettings> = {}): readonly [asker: Core, answerer: Core] {
  const asker = new Core(true, {}, settings);
  const answerer = new Core(false, {}, settings);
  asker.connection.onConnected(0);
  exchange(asker, answerer);
  return [asker, answerer];
}

/** Lets bytes flow until both are silent. */
export function exchange(a: Core, b: Core, nowMs: number = 0): void {
  for (let left = 1000; left > 0 && (a.connection.hasOutput || b.connection.hasOutput); left--) {
    b.input(a.output(nowMs), nowMs);
    a.input(b.output(nowMs), nowMs);
  }
}

/** Types and ids of the frames in a stream. */
export function framesIn(bytes: Uint8Array): (readonly [type: number, id: number, length: number])[] {
  const frames: (readonly [number, number, number])[] = [];
  new FrameReader().read(bytes, ({ type, id, payload }) => {
    frames.push([type, id, payload.length]);
    return true;
  });
  return frames;
}

export const goingAway: number = closeCode.goingAway;
