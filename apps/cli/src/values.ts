/**
 * Values as JSON and as text. JSON carries fewer types than the map, so what it lacks is an object with one key:
 * `{"$bigint":"1"}`, `{"$bytes":"base64"}`, `{"$date":"ISO 8601"}`, `{"$number":"NaN"}`. A key of a stored object that
 * begins with `$` gets one `$` more, so that nothing is ambiguous and everything comes back as it was.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export function toJson(value: unknown): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? '-0' : String(value) };
    case 'bigint':
      return { $bigint: String(value) };
    case 'object':
      return value === null ? null : objectToJson(value);
    default:
      return null; // no other type can be stored
  }
}

function objectToJson(value: object): Json {
  if (value instanceof Uint8Array) return { $bytes: base64(value) };
  if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? '' : value.toISOString() };
  if (Array.isArray(value)) return value.map(toJson);
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key.startsWith('$') ? `$${key}` : key, toJson(field)]),
  );
}

/** The inverse of `toJson`. Throws a SyntaxError that says what is wrong. */
export function fromJson(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(fromJson);
  const entries = Object.entries(json as Record<string, unknown>);
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && /^\$(?!\$)/.test(first[0])) return untag(...first);
  return Object.fromEntries(entries.map(([key, field]) => [plainKey(key), fromJson(field)]));
}

function plainKey(key: string): string {
  if (key.startsWith('$$')) return key.slice(1);
  if (key.startsWith('$')) throw new SyntaxError(`A key that begins with $ is written with one $ more: $${key}`);
  return key;
}

const numbers: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity, '-0': -0 };

function untag(tag: string, text: unknown): unknown {
  const value = typeof text === 'string' ? untagText(tag, text) : undefined;
  if (value === undefined)
    throw new SyntaxError(`${JSON.stringify({ [tag]: text })} is not a value that SimpleDHT knows`);
  return value;
}

function untagText(tag: string, text: string): unknown {
  switch (tag) {
    case '$bigint':
      return /^-?\d+$/.test(text) ? BigInt(text) : undefined;
    case '$bytes':
      return /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? new Uint8Array(Buffer.from(text, 'base64')) : undefined;
    case '$date':
      return text === '' || !Number.isNaN(Date.parse(text)) ? new Date(text) : undefined;
    case '$number':
      return Object.hasOwn(numbers, text) ? numbers[text] : undefined;
    default:
      return undefined;
  }
}

/** A value for people: strings as they are, bytes in base64, everything else as JSON. */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  if (value instanceof Uint8Array) return `${base64(value)} (${count(value.length, 'byte')}, base64)`;
  return JSON.stringify(toJson(value));
}

/** A value as a file would hold it: bytes and strings as they are, everything else as JSON. */
export function toRaw(value: unknown): Uint8Array | string {
  if (value instanceof Uint8Array || typeof value === 'string') return value;
  return JSON.stringify(toJson(value));
}

/** `1 key`, `2 keys`. */
export function count(amount: number, noun: string): string {
  return `${String(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
