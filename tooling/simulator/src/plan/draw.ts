import { Drawing } from './drawing.ts';
import { drawFaults } from './faults.ts';
import { drawOperations } from './operations.ts';
import { faultTypes, type FaultType, type Plan, type Setting } from './plan.ts';

export interface DrawOptions {
  /** Nodes at the start. Default: 3 to 9, few more often. */
  readonly nodes?: number | undefined;
  /** Default: all. */
  readonly faults?: readonly FaultType[] | undefined;
  /** How long users write and faults happen, virtual ms. Default: 8 to 90 s, above 40 s seldom. */
  readonly chaosMs?: number | undefined;
}

/** Everything that will happen in a run: the same for the same seed. */
export function drawPlan(seed: number, options: DrawOptions = {}): Plan {
  const draw = new Drawing(seed);
  const setting = drawSetting(draw, options);
  const steps = [...drawFaults(draw, setting, options.faults ?? faultTypes), ...drawOperations(draw, setting)];
  return { seed, setting, steps: steps.sort((a, b) => a.atMs - b.atMs) };
}

function drawSetting(draw: Drawing, options: DrawOptions): Setting {
  const drawn: Setting = {
    nodes: draw.pick([3, 3, 3, 4, 5, 5, 7, 9]),
    sealed: draw.chance(0.3),
    durable: draw.chance(0.8),
    flushMs: draw.pick([
      [0, 0.5],
      [0, 5],
      [0, 60],
    ]),
    delayMs: draw.pick([
      [0.05, 0.2],
      [0.1, 1],
      [1, 20],
      [20, 100],
    ]),
    preset: draw.pick(['lan', 'lan', 'local']),
    // Halves that hold each other dead need more than half a minute.
    chaosMs: draw.chance(0.08) ? draw.spread(40_000, 90_000) : draw.spread(8_000, 40_000),
    mixed: draw.chance(0.25),
  };
  return { ...drawn, nodes: options.nodes ?? drawn.nodes, chaosMs: options.chaosMs ?? drawn.chaosMs };
}
