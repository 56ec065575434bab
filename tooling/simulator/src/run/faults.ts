import { noFaults } from '@simpledht/transport';
import type { Fault, FaultType } from '../plan/plan.ts';
import type { Agenda } from './agenda.ts';
import { Partitions } from './partitions.ts';
import type { Place, Stage } from './stage.ts';

type Of<T extends FaultType> = Extract<Fault, { type: T }>;
type Act<T extends FaultType> = (faults: Faults, fault: Of<T>) => Promise<void> | void;

const acts: { readonly [T in FaultType]: Act<T> } = {
  network: (faults, { faults: wanted, forMs }) => {
    faults.disturb(wanted, forMs);
  },
  partition: (faults, fault) => {
    faults.later(fault.forMs, faults.partitions.begin(fault));
  },
  clog: (faults, { from, to, delayMs, forMs }) => {
    faults.pair(from, to, delayMs);
    faults.later(forMs, () => {
      faults.pair(from, to, 0);
    });
  },
  skew: (faults, { node, offsetMs }) => {
    faults.stage.cluster.skew(faults.index(node), offsetMs);
  },
  pause: (faults, { node, forMs }) => {
    const { cluster } = faults.stage;
    faults.whileUp(node, forMs, (index) => {
      cluster.pause(index);
      return () => {
        cluster.resume(index);
      };
    });
  },
  slow: (faults, { node, costMs, forMs }) => {
    const { cluster } = faults.stage;
    faults.whileUp(node, forMs, (index) => {
      cluster.slow(index, costMs);
      return () => {
        cluster.slow(index, 0);
      };
    });
  },
  'slow-disk': (faults, { node, times, forMs }) => {
    const { cluster } = faults.stage;
    faults.whileUp(node, forMs, (index) => {
      cluster.slowDisk(index, times);
      return () => {
        cluster.slowDisk(index, 1);
      };
    });
  },
  'full-disk': (faults, { node, forMs }) => {
    const { cluster } = faults.stage;
    faults.whileUp(node, forMs, (index) => {
      cluster.fillDisk(index, true);
      return () => {
        cluster.fillDisk(index, false);
      };
    });
  },
  kill: (faults, { node, forMs, lost, comeBack, moved }) => {
    const { stage } = faults;
    const index = faults.index(node);
    const place = faults.upright(node);
    if (place === undefined) return;
    faults.kill(index, lost);
    faults.later(forMs, async () => {
      if (place.up || place.isClone) return;
      const from = comeBack === 'old copy' ? (place.copy ?? 'kept') : comeBack;
      await stage.restart(index, from, moved);
    });
  },
  move: async (faults, { node }) => {
    if (faults.upright(node) !== undefined) await faults.stage.move(faults.index(node));
  },
  copy: (faults, { node }) => {
    const place = faults.upright(node);
    if (place !== undefined) place.copy = faults.copyOf(faults.index(node));
  },
  clone: async (faults, { node, forMs }) => {
    const { stage } = faults;
    if (faults.upright(node) === undefined) return;
    const index = await stage.add(faults.copyOf(faults.index(node)));
    faults.later(forMs, () => {
      if (stage.places[index]?.up === true) faults.kill(index, 0);
    });
  },
  leave: (faults, { node, forMs, comeBack = 'empty' }) => {
    const { stage } = faults;
    const index = faults.index(node);
    const place = faults.upright(node);
    if (place === undefined || stage.places.filter(({ up }) => up).length < 3) return;
    faults.leave(index);
    faults.later(forMs, async () => {
      if (!place.up && !place.leaving && !place.isClone) await stage.restart(index, comeBack, false);
    });
  },
  join: async ({ stage }) => {
    await stage.add();
  },
  attack: (faults, { perSecond, forMs }) => {
    faults.stage.cluster.attack(perSecond);
    faults.later(forMs, () => {
      faults.stage.cluster.attack(0);
    });
  },
};

/** Makes what goes wrong go wrong, and ends it. */
export class Faults {
  readonly stage: Stage;
  readonly partitions: Partitions;
  readonly #agenda: Agenda;
  /** What the network does to all datagrams; a later one takes its place. */
  #disturbance: Of<'network'>['faults'] = noFaults;

  constructor(stage: Stage, agenda: Agenda) {
    this.stage = stage;
    this.partitions = new Partitions(stage.cluster);
    this.#agenda = agenda;
  }

  async perform(fault: Fault): Promise<void> {
    const { atMs: _, type, ...how } = fault;
    this.stage.tally.fault(type);
    this.stage.note('node' in fault ? this.index(fault.node) : undefined, 'fault', `${type} ${JSON.stringify(how)}`);
    // The table has one entry for each type, and takes that type's faults.
    await (acts[type] as (faults: Faults, fault: Fault) => Promise<void> | void)(this, fault);
  }

  /** Ends everything, and starts every process that still has a place. */
  async end(): Promise<void> {
    const { cluster, places } = this.stage;
    cluster.attack(0);
    cluster.setFaults(noFaults);
    this.partitions.heal();
    for (const [index, place] of places.entries()) {
      if (place.up || place.leaving) this.#mend(index);
      cluster.skew(index, 0);
      for (const other of places.keys()) if (other !== index) cluster.clog(index, other, 0);
      if (place.up && place.isClone) this.kill(index, 0);
    }
    // What was in memory only is gone with the process.
    const from = this.stage.plan.setting.durable ? 'kept' : 'empty';
    for (const [index, place] of places.entries())
      if (!place.up && !place.leaving && !place.isClone) await this.stage.restart(index, from, false);
  }

  #mend(index: number): void {
    const { cluster } = this.stage;
    cluster.resume(index);
    cluster.slow(index, 0);
    cluster.slowDisk(index, 1);
    cluster.fillDisk(index, false);
  }

  later(ms: number, act: () => Promise<void> | void): void {
    this.#agenda.add(this.stage.nowMs + ms, act);
  }

  index(node: number): number {
    return node % this.stage.places.length;
  }

  /** The place, when a process runs there that is not about to stop. */
  upright(node: number): Place | undefined {
    const place = this.stage.places[this.index(node)];
    return place?.up === true && !place.leaving ? place : undefined;
  }

  whileUp(node: number, forMs: number, begin: (index: number) => () => void): void {
    const place = this.upright(node);
    if (place === undefined) return;
    const { life } = place;
    const end = begin(this.index(node));
    this.later(forMs, () => {
      if (place.life === life && (place.up || place.leaving)) end();
    });
  }

  disturb(faults: Of<'network'>['faults'], forMs: number): void {
    const { cluster } = this.stage;
    this.#disturbance = faults;
    cluster.setFaults(faults);
    this.later(forMs, () => {
      if (this.#disturbance === faults) cluster.setFaults(noFaults);
    });
  }

  pair(from: number, to: number, delayMs: number): void {
    if (this.index(from) !== this.index(to)) this.stage.cluster.clog(this.index(from), this.index(to), delayMs);
  }

  kill(index: number, lost: number): void {
    const place = this.stage.places[index];
    if (place === undefined) return;
    place.up = false;
    this.stage.cluster.kill(index, lost);
    this.stage.note(index, 'stop', 'is killed');
  }

  leave(index: number): void {
    const place = this.stage.places[index];
    if (place === undefined) return;
    place.leaving = true;
    place.up = false;
    const { life } = place;
    this.stage.left.add(this.stage.cluster.node(index).id);
    const left = (): void => {
      if (place.life === life) place.leaving = false;
      this.stage.note(index, 'stop', 'has left');
    };
    this.stage.cluster.leave(index).then(left, left);
  }

  copyOf(index: number): NonNullable<Place['copy']> {
    return { disk: this.stage.cluster.copyDisk(index), peaks: this.stage.ledger.disk(index).peaks() };
  }
}
