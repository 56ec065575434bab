import type { Drawing } from './drawing.ts';
import type { Fault, FaultType, Setting } from './plan.ts';

type Draw = (draw: Drawing, atMs: number, setting: Setting) => Fault;
const longestMs = 20_000;

const how: Readonly<Record<FaultType, Draw>> = {
  network: (draw, atMs) => {
    const faults = {
      lose: draw.chance(0.7) ? draw.between(0, 0.3) : 0,
      duplicate: draw.chance(0.5) ? draw.between(0, 0.5) : 0,
      reorder: draw.chance(0.5) ? draw.between(0, 0.5) : 0,
      corrupt: draw.chance(0.5) ? draw.between(0, 0.02) : 0,
      delayMs: [0, draw.spread(1, 100)],
    } as const;
    return { type: 'network', atMs, faults, forMs: draw.spread(500, longestMs) };
  },
  partition: (draw, atMs, { nodes, chaosMs }) => {
    const shape = draw.pick(['halves', 'alone', 'one-way', 'bridge', 'ring'] as const);
    const count = shape === 'alone' ? 1 : Math.max(1, Math.floor(nodes / 2));
    return {
      type: 'partition',
      atMs,
      shape,
      nodes: draw.some(count, nodes),
      forMs: draw.spread(500, Math.max(longestMs, chaosMs)),
    };
  },
  clog: (draw, atMs, { nodes }) => {
    const [from = 0, to = 1] = draw.some(2, nodes);
    return { type: 'clog', atMs, from, to, delayMs: draw.spread(50, 3_000), forMs: draw.spread(500, longestMs) };
  },
  skew: (draw, atMs, { nodes }) => {
    return { type: 'skew', atMs, node: draw.below(nodes), offsetMs: Math.round(draw.between(-5_000, 5_000)) };
  },
  pause: (draw, atMs, { nodes }) => {
    return { type: 'pause', atMs, node: draw.below(nodes), forMs: draw.spread(50, longestMs) };
  },
  slow: (draw, atMs, { nodes }) => {
    return {
      type: 'slow',
      atMs,
      node: draw.below(nodes),
      costMs: draw.between(0.5, 8),
      forMs: draw.spread(500, 8_000),
    };
  },
  'slow-disk': (draw, atMs, { nodes }) => {
    return {
      type: 'slow-disk',
      atMs,
      node: draw.below(nodes),
      times: draw.spread(5, 200),
      forMs: draw.spread(500, 8_000),
    };
  },
  'full-disk': (draw, atMs, { nodes }) => {
    return { type: 'full-disk', atMs, node: draw.below(nodes), forMs: draw.spread(200, 8_000) };
  },
  kill: (draw, atMs, { nodes, durable }) => {
    const comeBack = durable ? draw.pick(['kept', 'kept', 'kept', 'empty', 'old copy'] as const) : 'empty';
    const lost = durable && draw.chance(0.2) ? 1 + draw.below(4) : 0;
    const [node, moved] = [draw.below(nodes), draw.chance(0.2)];
    return { type: 'kill', atMs, node, forMs: draw.spread(20, longestMs), lost, comeBack, moved };
  },
  move: (draw, atMs, { nodes }) => ({ type: 'move', atMs, node: draw.below(nodes) }),
  copy: (draw, atMs, { nodes }) => ({ type: 'copy', atMs, node: draw.below(nodes) }),
  clone: (draw, atMs, { nodes }) => {
    return { type: 'clone', atMs, node: draw.below(nodes), forMs: draw.spread(500, longestMs) };
  },
  leave: (draw, atMs, { nodes, durable }) => {
    const [node, forMs] = [draw.below(nodes), draw.spread(2_000, longestMs)];
    return { type: 'leave', atMs, node, forMs, comeBack: durable && draw.chance(0.5) ? 'kept' : 'empty' };
  },
  join: (_draw, atMs) => ({ type: 'join', atMs }),
  attack: (draw, atMs) => ({ type: 'attack', atMs, perSecond: draw.spread(20, 400), forMs: draw.spread(500, 8_000) }),
};

/** How often each is drawn, beside the others. */
const weights: Readonly<Record<FaultType, number>> = {
  network: 5,
  partition: 5,
  clog: 2,
  skew: 2,
  pause: 3,
  slow: 2,
  'slow-disk': 1,
  'full-disk': 1,
  kill: 6,
  move: 1.5,
  copy: 2,
  clone: 0.3,
  leave: 0.7,
  join: 0.4,
  attack: 1,
};

/** Only where data outlives a process. */
const ofDisks: readonly FaultType[] = ['slow-disk', 'full-disk', 'copy', 'clone'];
/** Nodes that a run may have gained at most. */
const maxJoins = 3;

/** A few kinds of faults, different ones in each run, so that some runs have much of one thing. */
export function drawFaults(draw: Drawing, setting: Setting, allowed: readonly FaultType[]): Fault[] {
  const possible = allowed.filter((type) => setting.durable || !ofDisks.includes(type));
  const kinds = possible.filter(() => draw.chance(0.5));
  if (kinds.length === 0) return [];
  const meanMs = draw.spread(500, 5_000);
  const faults: Fault[] = [];
  for (let atMs = draw.between(0, meanMs); atMs < setting.chaosMs; atMs += draw.between(0, 2 * meanMs)) {
    const type = weighted(draw, kinds);
    if (type === 'join' && faults.filter((fault) => fault.type === 'join').length >= maxJoins) continue;
    faults.push(how[type](draw, Math.round(atMs), setting));
  }
  return faults;
}

function weighted(draw: Drawing, kinds: readonly FaultType[]): FaultType {
  let left = draw.between(
    0,
    kinds.reduce((sum, kind) => sum + weights[kind], 0),
  );
  for (const kind of kinds) {
    left -= weights[kind];
    if (left < 0) return kind;
  }
  return kinds[0] ?? 'network';
}
