import type { StorageReply, StorageRequest } from '@simpledht/wire';
import type { ReplicaEffect, ReplicaEvent } from '../../src/index.ts';
import { line } from '../contents.ts';
import type { SimulatedNode } from '../simulated-node.ts';

/** One number for everything that left every replica, in order: equal for equal runs. */
export class EventHash {
  #state = 0x811c9dc5;

  get value(): string {
    return this.#state.toString(16).padStart(8, '0');
  }

  effect(node: SimulatedNode, effect: ReplicaEffect, nowMs: number): void {
    this.#mix(node.index);
    this.#mix(nowMs * 1_000);
    this.#text(effect.type);
    if (effect.type === 'request') {
      for (const { exchange } of effect.targets) this.#mix(exchange);
      this.#message(effect.message);
    } else if (effect.type === 'reply') this.#message(effect.message);
    else if (effect.type === 'change') this.#mix(effect.record.hlc);
    else if (effect.type === 'notice') this.#text(effect.notice.type);
  }

  #message(message: StorageRequest | StorageReply): void {
    this.#text(message.kind);
    if ('vector' in message) for (const { watermark } of message.vector) this.#mix(watermark);
    if ('records' in message) for (const { hlc, seq } of message.records) this.#mix(hlc + seq);
    if ('sumLow' in message) this.#mix(message.sumLow);
  }

  #text(text: string): void {
    for (let index = 0; index < text.length; index++) this.#mix(text.charCodeAt(index));
  }

  #mix(value: number): void {
    this.#state = Math.imul(this.#state ^ (value | 0), 0x01000193);
    this.#state ^= (value / 4_294_967_296) | 0;
    this.#state >>>= 0;
  }
}

/** What happened, as lines: written only when a failing run is repeated to be looked at. */
export class Trace {
  readonly #lines: string[] = [];

  add(nowMs: number, node: SimulatedNode | undefined, text: string): void {
    this.#lines.push(
      `${nowMs.toFixed(1).padStart(9)} ${node === undefined ? '  ' : `n${String(node.index)}`} ${text.replaceAll('\u0000', '')}`,
    );
  }

  event(nowMs: number, node: SimulatedNode, event: ReplicaEvent): void {
    if (event.type === 'tick' || event.type === 'failed') return;
    const from = 'peer' in event ? ` ${String(event.peer?.slice(0, 2))}` : '';
    this.add(nowMs, node, `<- ${event.type}${from} ${'message' in event ? told(event.message) : ''}`);
  }

  effect(nowMs: number, node: SimulatedNode, effect: ReplicaEffect): void {
    if (effect.type === 'request') {
      const to = effect.targets.map(({ peer }) => peer.slice(0, 2)).join(',');
      this.add(nowMs, node, `-> ${to} ${told(effect.message)}`);
    } else if (effect.type === 'reply') this.add(nowMs, node, `=> ${told(effect.message)}`);
    else if (effect.type === 'notice') this.add(nowMs, node, `** ${JSON.stringify(effect.notice)}`);
    else if (effect.type === 'acknowledged') this.add(nowMs, node, `acknowledged ${JSON.stringify(effect)}`);
  }

  /** The last lines that speak of a key, or of no key at all. */
  last(count: number, key?: string): string {
    const wanted = this.#lines.filter(
      (text) => key === undefined || text.includes(`${key.replaceAll('\u0000', '')}|`) || !text.includes('|'),
    );
    return wanted.slice(-count).join('\n');
  }
}

function told(message: StorageRequest | StorageReply): string {
  const parts: string[] = [message.kind];
  if ('ready' in message) parts.push(message.ready ? 'ready' : 'not ready', `hlc ${String(message.hlc)}`);
  if ('ranges' in message) {
    for (const { origin, from, to } of message.ranges) parts.push(`${named(origin)}(${String(from)},${String(to)}]`);
  }
  if ('vector' in message) {
    for (const { origin, watermark, intervals } of message.vector) {
      parts.push(`${named(origin)}:${String(watermark)}${intervals.length === 0 ? '' : JSON.stringify(intervals)}`);
    }
  }
  if ('floors' in message)
    for (const { origin, seq, hlc } of message.floors)
      parts.push(`floor ${named(origin)}:${String(seq)}@${String(hlc)}`);
  if ('behind' in message && message.behind) parts.push('you are BEHIND');
  if ('unsettled' in message && message.unsettled) parts.push('UNSETTLED');
  if ('sumLow' in message) parts.push(`count ${String(message.count)} sum ${String(message.sumLow)}`);
  if ('records' in message) for (const record of message.records) parts.push(`\n            ${line(record)}`);
  return parts.join(' ');
}

function named(origin: string): string {
  return `${origin.slice(0, 2)}.${origin.slice(36, 41)}`;
}
