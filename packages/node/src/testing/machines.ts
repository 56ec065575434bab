import type { Faults } from '@simpledht/transport';
import type { NodeId } from '@simpledht/wire';
import type { NodeOptions } from '../options.ts';
import { noCut, type IsCut } from './cuts.ts';
import type { DiskCopy } from './disk.ts';
import type { DiskWatcher } from './disk-store.ts';
import { buildMachine, type Machine, type Surroundings } from './machine.ts';

/** A verdict on a node that ran, and did not stand still. */
export interface FalseDeath {
  readonly by: NodeId;
  readonly of: NodeId;
  /** Virtual ms since the cluster was made. */
  readonly atMs: number;
}

export interface MachinesOptions {
  readonly surroundings: Surroundings;
  readonly faults: Partial<Faults>;
  /** What all nodes at an index are given. */
  readonly common: (index: number) => NodeOptions;
  readonly watch: ((index: number) => DiskWatcher) | undefined;
  readonly isLater: ((index: number) => boolean) | undefined;
}

/** What a process is started with. */
export interface Start {
  readonly address: string;
  readonly own: NodeOptions;
  readonly data?: DiskCopy | undefined;
}

/** All places of a cluster, what the network does to each, and who was declared dead while it ran. */
export class Machines {
  readonly falseDeaths: FalseDeath[] = [];
  readonly #options: MachinesOptions;
  readonly #all: Machine[] = [];
  #faults: Partial<Faults>;
  #isCut: IsCut = noCut;
  #moves = 0;

  constructor(options: MachinesOptions) {
    this.#options = options;
    this.#faults = options.faults;
  }

  get all(): readonly Machine[] {
    return this.#all;
  }

  /** Those whose process runs. */
  get living(): readonly Machine[] {
    return this.#all.filter(({ up }) => up);
  }

  at(index: number): Machine {
    const machine = this.#all[index];
    if (machine === undefined) throw new RangeError(`there is no node ${String(index)}`);
    return machine;
  }

  /** Where the node is, or will be when it is added. */
  addressOf(index: number): string {
    return this.#all[index]?.address ?? addressAt(index, 0);
  }

  /** Where nobody has been before. */
  freshAddress(index: number): string {
    this.#moves += 1;
    return addressAt(index, this.#moves);
  }

  add(own: NodeOptions, data?: DiskCopy): Machine {
    const index = this.#all.length;
    const machine = this.#build(index, { address: this.addressOf(index), own, data });
    this.#all.push(machine);
    return machine;
  }

  /** A new process in the place of one that has ended. */
  replace(index: number, start: Omit<Start, 'own'>): Machine {
    const old = this.at(index);
    const machine = this.#build(index, { ...start, own: old.options });
    this.#all[index] = machine;
    this.cut(this.#isCut);
    return machine;
  }

  async move(index: number): Promise<void> {
    await this.at(index).move(this.freshAddress(index));
    this.cut(this.#isCut);
  }

  setFaults(faults: Partial<Faults>): void {
    this.#faults = { ...this.#faults, ...faults };
    for (const { socket } of this.#all) socket.setFaults(faults);
  }

  cut(isCut: IsCut): void {
    this.#isCut = isCut;
    // Whoever crashed is cut off for good.
    this.#all.forEach(({ up }, index) => {
      if (up) this.#cutFrom(index);
    });
  }

  #cutFrom(index: number): void {
    const { socket } = this.at(index);
    socket.heal();
    this.#all.forEach(({ address }, other) => {
      const [out, back] = [this.#isCut(index, other), this.#isCut(other, index)];
      if (other !== index && (out || back)) socket.cut(address, out && back ? 'both' : out ? 'out' : 'in');
    });
  }

  #build(index: number, { address, own, data }: Start): Machine {
    const { surroundings, common, watch, isLater } = this.#options;
    const bootstrap = index === 0 ? [] : [this.addressOf(0)];
    const clockOffsetMs = this.#all[index]?.clock.offsetMs ?? 0;
    const options = {
      address,
      clockOffsetMs,
      faults: this.#faults,
      bootstrap,
      own,
      common: common(index),
      data,
      watcher: watch?.(index),
      isLater: isLater?.(index) ?? false,
    };
    const machine = buildMachine(surroundings, options);
    const { node } = machine;
    node.on('peer-left', ({ id }, reason) => {
      if (reason === 'dead' && machine.up) this.#judge(node.id, id);
    });
    return machine;
  }

  #judge(by: NodeId, of: NodeId): void {
    const lives = this.living.some(({ node, clock }) => node.id === of && !clock.isPaused);
    if (lives) this.falseDeaths.push({ by, of, atMs: this.#options.surroundings.clock.monotonic() });
  }
}

/** Of nobody else: `moves` is how many have moved before. */
function addressAt(index: number, moves: number): string {
  return `10.${String(moves)}.${String(index >> 8)}.${String((index & 255) + 1)}:5000`;
}
