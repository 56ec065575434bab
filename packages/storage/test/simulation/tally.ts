/** What happened in runs, for the table of a long one. */
export class Tally {
  readonly faults: Record<string, number> = {};
  operations = 0;
  acknowledged = 0;
  purged = 0;
  virtualMs = 0;
  exchanges = 0;
  repairs = 0;
  newOrigins = 0;
  /** Writes that no other member had seen and that came back with a node away longer than the grace: allowed. */
  late = 0;
  /** Acknowledgements that counted a member which covers the write by relay and holds neither it nor its successor yet. */
  relayed = 0;

  fault(kind: string): void {
    this.faults[kind] = (this.faults[kind] ?? 0) + 1;
  }

  add(other: Tally): void {
    for (const [kind, count] of Object.entries(other.faults)) this.faults[kind] = (this.faults[kind] ?? 0) + count;
    this.operations += other.operations;
    this.acknowledged += other.acknowledged;
    this.purged += other.purged;
    this.virtualMs += other.virtualMs;
    this.exchanges += other.exchanges;
    this.repairs += other.repairs;
    this.newOrigins += other.newOrigins;
    this.late += other.late;
    this.relayed += other.relayed;
  }
}
