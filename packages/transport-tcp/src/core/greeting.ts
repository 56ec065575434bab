import { protocolVersion } from '@simpledht/wire';
import type { DownReason, DropReason } from './effects.ts';
import { closeCode, frameType, type Frame } from './frame.ts';
import { compareInstances, decodeHello, type Hello } from './hello.ts';

const closeReasons: Readonly<Record<number, DownReason>> = {
  [closeCode.replaced]: 'replaced',
  [closeCode.idle]: 'idle',
  [closeCode.version]: 'refused: no common protocol version',
  [closeCode.full]: 'refused: too many links',
};

/** What a close frame says. */
export function closeReason({ payload }: Frame): DownReason {
  return closeReasons[payload[0] ?? 0] ?? 'closed by the peer';
}

/** Whether to go on with a peer; if not, why, what to count, and what to tell it, if anything. */
export type Verdict =
  { readonly hello: Hello } | { readonly reason: DownReason; readonly drop?: DropReason; readonly tell?: number };

/** Judges the first frame of a peer. */
export function judgeGreeting(frame: Frame, me: Hello, dialled: boolean): Verdict {
  if (dialled && frame.type === frameType.close) return { reason: closeReason(frame) };
  const hello = frame.type === frameType.hello ? decodeHello(frame.payload) : undefined;
  if (hello === undefined) return { reason: 'not our protocol', drop: 'foreign' };
  if (hello.clusterTag !== me.clusterTag) return { reason: 'refused: another cluster', drop: 'cluster' };
  if (hello.versions.min > protocolVersion.max || hello.versions.max < protocolVersion.min)
    return { reason: 'refused: no common protocol version', drop: 'version', tell: closeCode.version };
  if (compareInstances(hello.instance, me.instance) === 0) return { reason: 'own address' };
  return { hello };
}
