import { setImmediate as turn } from 'node:timers/promises';
import { storeError } from '../errors.ts';
import { weightOf } from '../overlay/engine.ts';
import { readCounts, type Counts, type Databases } from './databases.ts';
import { textOf } from './index-keys.ts';
import { readRecord } from './record-layout.ts';
import { scan } from './scan.ts';

/** Entries looked at before others get a turn. */
const entriesPerTurn = 2_000;

/**
 * Reads everything: every record decodes, is as many and as heavy as was committed with them, and is found by its number.
 * Throws `ERR_STORE`. The generator stops where others may get a turn.
 */
function* verification(databases: Databases): Generator<void, Counts> {
  const counted = { size: 0, bytes: 0 };
  for (const { key, value } of scan(databases.records, {})) {
    counted.bytes += weightOf(readRecord(textOf(key), value));
    counted.size += 1;
    if (counted.size % entriesPerTurn === 0) yield;
  }
  const { size, bytes } = readCounts(databases);
  if (counted.size !== size || counted.bytes !== bytes)
    throw storeError(
      'ERR_STORE',
      `The store is damaged: it has ${String(counted.size)} records of ${String(counted.bytes)} bytes, and should have ${String(size)} of ${String(bytes)}`,
    );
  yield* checkNumbers(databases, size);
  return counted;
}

function* checkNumbers({ records, since }: Databases, size: number): Generator<void, void> {
  let numbers = 0;
  for (const { value } of scan(since, {})) {
    if (!records.doesExist(value)) throw storeError('ERR_STORE', 'The store is damaged: a record is missing');
    numbers += 1;
    if (numbers % entriesPerTurn === 0) yield;
  }
  if (numbers !== size) throw storeError('ERR_STORE', 'The store is damaged: its order by number is incomplete');
}

export async function verify(databases: Databases): Promise<Counts> {
  const steps = verification(databases);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await turn();
  }
}

/** At once, while nothing else can be done with the store anyway. */
export function verifyNow(databases: Databases): void {
  const steps = verification(databases);
  while (steps.next().done !== true);
}
