import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { SimpleDHTError } from '@simpledht/node';
import { isInSpan, spanOf } from '@simpledht/storage';
import type { KeyBounds, Origin, Store, StoreBatch, StoredRecord } from '@simpledht/storage';

/**
 * Keeps the whole map in memory and in one JSON file that is written anew at every flush: good for hundreds of keys
 * that outlive the process, and short enough to read. It passes the compliance suite of @simpledht/storage.
 */
export class JsonFileStore implements Store {
  /** What is flushed survives the process, and the machine: the file is synced before it replaces the old one. */
  readonly durable = true;
  readonly #path: string;
  readonly #records = new Map<string, StoredRecord>();
  readonly #meta = new Map<string, Uint8Array>();
  /** The write that is running; the next one waits for it. */
  #writing: Promise<void> | undefined;
  #changed = false;
  #closed = false;

  constructor(path: string) {
    this.#path = path;
    const kept = readFile(path);
    for (const record of kept.records) this.#records.set(record.key, record);
    for (const [name, value] of kept.meta) this.#meta.set(name, value);
  }

  get size(): number {
    return this.#records.size;
  }

  get bytes(): number {
    let bytes = 0;
    for (const { key, value } of this.#records.values()) bytes += key.length + (value?.length ?? 0);
    return bytes;
  }

  get(key: string): StoredRecord | undefined {
    this.#mustBeOpen();
    return this.#records.get(key);
  }

  range(bounds: KeyBounds = {}): Iterable<StoredRecord> {
    this.#mustBeOpen();
    const span = spanOf(bounds);
    const keys = [...this.#records.keys()].filter((key) => isInSpan(key, span)).sort(byUtf8);
    return this.#each(bounds.reverse === true ? keys.reverse() : keys);
  }

  since(origin: Origin, after: number, limit: number): readonly StoredRecord[] {
    this.#mustBeOpen();
    const later = [...this.#records.values()].filter((record) => record.origin === origin && record.seq > after);
    return later.sort((a, b) => a.seq - b.seq).slice(0, limit);
  }

  expiring(untilMs: number, limit: number): readonly StoredRecord[] {
    this.#mustBeOpen();
    const due = [...this.#records.values()].filter(
      ({ value, expiresAt }) => value !== null && expiresAt !== 0 && expiresAt <= untilMs,
    );
    return due.sort((a, b) => a.expiresAt - b.expiresAt).slice(0, limit);
  }

  tombstones(before: number, limit: number): readonly StoredRecord[] {
    this.#mustBeOpen();
    const old = [...this.#records.values()].filter(({ value, hlc }) => value === null && hlc < before);
    return old.sort((a, b) => a.hlc - b.hlc).slice(0, limit);
  }

  meta(name: string): Uint8Array | undefined {
    this.#mustBeOpen();
    return this.#meta.get(name);
  }

  apply({ records = [], removed = [], meta = [] }: StoreBatch): void {
    this.#mustBeOpen();
    // Copied first: should a record be unreadable, nothing of the batch is applied.
    const copies = records.map((record) => ({ ...record }));
    for (const record of copies) this.#records.set(record.key, record);
    for (const key of removed) this.#records.delete(key);
    for (const [name, value] of meta) this.#meta.set(name, value);
    this.#changed = true;
  }

  flush(): Promise<void> | undefined {
    this.#mustBeOpen();
    return this.#changed ? this.#write() : this.#writing;
  }

  async close(): Promise<void> {
    if (this.#closed) return this.#writing;
    this.#closed = true;
    await (this.#changed ? this.#write() : this.#writing);
  }

  *#each(keys: readonly string[]): Generator<StoredRecord, void> {
    for (const key of keys) {
      const record = this.#records.get(key);
      if (record !== undefined) yield record;
    }
  }

  #write(): Promise<void> {
    this.#changed = false;
    const text = this.#toText();
    const before = this.#writing ?? Promise.resolve();
    const writing = before
      .catch(() => undefined) // its caller knows
      .then(() => replaceFile(this.#path, text))
      .catch((cause: unknown) => {
        this.#changed = true; // nothing of it is safe; the next flush writes all of it
        throw new SimpleDHTError('ERR_STORE', `${this.#path} cannot be written`, { cause });
      })
      .finally(() => {
        if (this.#writing === writing) this.#writing = undefined;
      });
    this.#writing = writing;
    return writing;
  }

  #toText(): string {
    const records = [...this.#records.values()].map(toJson);
    return JSON.stringify({ records, meta: [...this.#meta].map(metaToJson) });
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new SimpleDHTError('ERR_CLOSED', 'The store is closed');
  }
}

/** JSON has no bytes: base64 stands for them. */
type JsonRecord = Omit<StoredRecord, 'value'> & { readonly value: string | null };

interface Kept {
  readonly records: readonly StoredRecord[];
  readonly meta: readonly (readonly [string, Uint8Array])[];
}

function readFile(path: string): Kept {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { records: [], meta: [] }; // the first start
  }
  const { records, meta } = JSON.parse(text) as { records: JsonRecord[]; meta: [string, string][] };
  return { records: records.map(fromJson), meta: meta.map(([name, value]) => [name, bytes(value)]) };
}

/** A crash leaves the old file or the new one, never half of one. */
async function replaceFile(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

function toJson(record: StoredRecord): JsonRecord {
  return { ...record, value: record.value === null ? null : base64(record.value) };
}

function fromJson(record: JsonRecord): StoredRecord {
  return { ...record, value: record.value === null ? null : bytes(record.value) };
}

function metaToJson([name, value]: readonly [string, Uint8Array]): readonly [string, string] {
  return [name, base64(value)];
}

/** The order of keys: by their UTF-8 bytes, not by JavaScript's code units. */
function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function base64(value: Uint8Array): string {
  return Buffer.from(value).toString('base64');
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
