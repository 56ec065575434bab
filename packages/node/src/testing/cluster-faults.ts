import type { Faults } from '@simpledht/transport';
import { bridgeCut, groupsCut, noCut, oneWayCut, ringCut, type IsCut } from './cuts.ts';
import type { Machines } from './machines.ts';

/** What goes wrong in a cluster while its processes run: clocks, processors, disks, and the network between them. */
export abstract class ClusterFaults {
  protected abstract readonly machines: Machines;

  /** Sets how far a node's wall clock is off, ms; while it runs, that is a jump. */
  skew(index: number, offsetMs: number): void {
    this.machines.at(index).clock.offsetMs = offsetMs;
  }

  /** The process stands still (a debugger, a suspended laptop): its timers, its turns, its socket. */
  pause(index: number): void {
    this.machines.at(index).clock.pause();
  }

  /** The process goes on where it stood: what came due meanwhile is late. */
  resume(index: number): void {
    this.machines.at(index).clock.resume();
  }

  /** Everything that the process does takes so long on its processor, ms, one after the other; 0 ends it. */
  slow(index: number, costMs: number): void {
    this.machines.at(index).clock.costMs = costMs;
  }

  /** Flushes to the node's disk take so many times as long as drawn. */
  slowDisk(index: number, times: number): void {
    this.machines.at(index).store.slowness = times;
  }

  /** The node's disk has no room left, or has again: what needs some fails as on a real one. */
  fillDisk(index: number, isFull: boolean): void {
    this.machines.at(index).store.isFull = isFull;
  }

  /** What one node sends to another takes so much longer, ms; 0 ends it. */
  clog(from: number, to: number, delayMs: number): void {
    this.machines.at(from).socket.clog(this.machines.addressOf(to), delayMs);
  }

  /** Changes what the network does to every datagram from now on; faults not named stay as they are. */
  setFaults(faults: Partial<Faults>): void {
    this.machines.setFaults(faults);
  }

  /** Only nodes of the same group hear each other; indices not named are alone. */
  partition(...groups: readonly (readonly number[])[]): void {
    this.cut(groupsCut(groups));
  }

  /** Nothing goes from the first nodes to the second; what comes back arrives. */
  partitionOneWay(senders: readonly number[], receivers: readonly number[]): void {
    this.cut(oneWayCut(senders, receivers));
  }

  /** Two sides do not hear each other; whoever is on neither hears both. */
  bridge(left: readonly number[], right: readonly number[]): void {
    this.cut(bridgeCut(left, right));
  }

  /** Each node hears its two neighbours only. */
  ring(): void {
    this.cut(ringCut(this.machines.all.length));
  }

  /** Any partition, in the place of the one before: `isCut` is asked for each direction. Nodes added later are outside. */
  cut(isCut: IsCut): void {
    this.machines.cut(isCut);
  }

  /** Ends every partition. */
  heal(): void {
    this.cut(noCut);
  }
}
