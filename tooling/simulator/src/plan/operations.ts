import type { Drawing } from './drawing.ts';
import type { AckLevel, Item, Operation, Setting } from './plan.ts';

/** Few, so that writes meet. */
const keys = 12;

/** What users do, at a rate of their own; each value is named once, and a third of the puts have a key of their own. */
export function drawOperations(draw: Drawing, setting: Setting): Operation[] {
  const operations: Operation[] = [];
  const meanMs = draw.spread(30, 300);
  const deletes = draw.between(0, 0.3);
  const expiring = draw.chance(0.4) ? 0.2 : 0;
  let value = 0;
  const named = (): number => (value += 1);
  for (let atMs = 0; atMs < setting.chaosMs; atMs += draw.between(0, 2 * meanMs)) {
    const at = { atMs: Math.round(atMs), node: draw.below(setting.nodes) };
    // Several in one turn now and then.
    for (let count = draw.chance(0.1) ? 5 : 1; count > 0; count--)
      operations.push(drawOne({ draw, at, deletes, expiring, named }));
  }
  return operations;
}

interface Terms {
  readonly draw: Drawing;
  readonly at: { readonly atMs: number; readonly node: number };
  readonly deletes: number;
  readonly expiring: number;
  readonly named: () => number;
}

function drawOne({ draw, at, deletes, expiring, named }: Terms): Operation {
  const [key, acks, remote] = [keyOf(draw), levelOf(draw), draw.chance(0.15)];
  const ttlMs = (): number | undefined => (draw.chance(expiring) ? draw.spread(100, 10_000) : undefined);
  const kind = draw.between(0, 1);
  if (kind < deletes) return { ...at, type: 'delete', key, acks, remote };
  if (kind < 0.4) return { ...at, type: 'batch', items: itemsOf({ draw, deletes, ttlMs, named }), acks };
  if (kind < 0.45) return { ...at, type: 'put-if', key, value: named(), acks };
  if (kind < 0.5) return { ...at, type: 'update', key, value: named(), acks };
  if (kind < 0.51) return { ...at, type: 'watch', forMs: draw.spread(200, 20_000) };
  const value = named();
  if (kind < 0.7)
    return { ...at, type: 'put', key: `e${String(value)}`, value, bytes: 0, ttlMs: undefined, acks, remote };
  const bytes = draw.chance(0.05) ? draw.spread(100, 40_000) : 0;
  return { ...at, type: 'put', key, value, bytes, ttlMs: ttlMs(), acks, remote };
}

interface ItemTerms {
  readonly draw: Drawing;
  readonly deletes: number;
  readonly ttlMs: () => number | undefined;
  readonly named: () => number;
}

function itemsOf({ draw, deletes, ttlMs, named }: ItemTerms): Item[] {
  return Array.from({ length: 2 + draw.below(4) }, () => {
    const key = keyOf(draw);
    return draw.chance(deletes) ? { key, value: undefined } : { key, value: named(), ttlMs: ttlMs() };
  });
}

function keyOf(draw: Drawing): string {
  return `k${String(draw.below(keys))}`;
}

function levelOf(draw: Drawing): AckLevel {
  return draw.chance(0.5) ? 'local' : draw.pick(['majority', 'majority', 'all', 2]);
}
