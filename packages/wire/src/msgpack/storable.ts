import type { ErrorCode } from '../errors.ts';
import { limits } from '../limits.ts';

/** Why a value cannot be stored, and where: `path` grows from the inside out while the walk returns. */
export interface Refusal {
  readonly code: Extract<ErrorCode, 'ERR_INVALID_VALUE' | 'ERR_VALUE_TOO_LARGE'>;
  readonly reason: string;
  readonly path: string[];
  /** How many steps of the path, from the outside, lead to the fault; all of them unless it is a cycle. */
  readonly steps?: number;
}

const minInt64 = -(2n ** 63n);
const maxUint64 = 2n ** 64n - 1n;
const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]{0,63}$/u;

/**
 * Looks at every part of a value before any of it is packed, because the packer changes what it does not know without a
 * word: a Map becomes an object, a class instance loses its class, a Float64Array is sent with bytes of other values.
 *
 * Getters run here and again while packing, as in `JSON.stringify` with a replacer; properties with symbols as names and
 * named properties of arrays are not data and are left out, as JSON does.
 */
export class StorableWalk {
  /** Set when a property is `undefined`: it is left out when packing. */
  omitsUndefined = false;
  private readonly maxBytes: number;
  /** At least so many bytes will be needed; stops a huge value before it is packed. */
  private bytes = 0;
  private elements = 0;
  private objects = 0;
  /** The containers around the present one: at most `limits.maxDepth`. */
  private readonly ancestors: object[] = [];

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  check(value: unknown): Refusal | undefined {
    switch (typeof value) {
      case 'number':
      case 'boolean':
        return undefined;
      case 'string':
        return this.text(value);
      case 'bigint':
        return value > maxUint64 || value < minInt64
          ? invalid('a bigint of more than 64 bits cannot be stored')
          : undefined;
      case 'object':
        return value === null ? undefined : this.object(value);
      default:
        return invalid(`${describe(value)} cannot be stored`);
    }
  }

  private text(value: string): Refusal | undefined {
    if (!value.isWellFormed()) return invalid('a string with a lone surrogate cannot be stored');
    return this.grow(0, value.length);
  }

  private object(value: object): Refusal | undefined {
    if (++this.objects > limits.maxObjects)
      return tooLarge(`more than ${String(limits.maxObjects)} arrays and objects`);
    if (isPlainArray(value)) return this.enter(value) ?? this.leave(this.items(value));
    if (isPlainObject(value)) return this.enter(value) ?? this.leave(this.properties(value));
    if (value instanceof Uint8Array) return this.grow(0, value.length);
    if (value instanceof Date && isDirect(value)) {
      return Number.isNaN(value.getTime()) ? invalid('an invalid date cannot be stored') : undefined;
    }
    return invalid(`${describe(value)} cannot be stored`);
  }

  private enter(container: object): Refusal | undefined {
    if (this.ancestors.length < limits.maxDepth) {
      this.ancestors.push(container);
      return undefined;
    }
    // A cycle is a path that never ends, so it is looked for only here.
    const path = [...this.ancestors, container];
    const steps = path.findIndex((step, index) => path.indexOf(step) < index);
    if (steps < 0) return invalid(`deeper than ${String(limits.maxDepth)} levels`);
    return { ...invalid('a value that contains itself cannot be stored'), steps };
  }

  private leave(refusal: Refusal | undefined): Refusal | undefined {
    this.ancestors.pop();
    return refusal;
  }

  private items(array: readonly unknown[]): Refusal | undefined {
    const refusal = this.grow(array.length, array.length);
    if (refusal !== undefined) return refusal;
    for (let index = 0; index < array.length; index++) {
      const item = array[index];
      const inner = item === undefined ? invalid(missing(index in array)) : this.check(item);
      if (inner !== undefined) return within(inner, `[${String(index)}]`);
    }
    return undefined;
  }

  private properties(object: Readonly<Record<string, unknown>>): Refusal | undefined {
    for (const key of Object.keys(object)) {
      const value = object[key];
      if (value === undefined) {
        this.omitsUndefined = true;
        continue;
      }
      const refusal = this.key(key) ?? this.check(value);
      if (refusal !== undefined) return within(refusal, identifier.test(key) ? `.${key}` : `[${quote(key)}]`);
    }
    return undefined;
  }

  private key(key: string): Refusal | undefined {
    if (key === '__proto__') return invalid('a property named __proto__ cannot be stored');
    return this.grow(2, 2) ?? this.text(key);
  }

  private grow(elements: number, bytes: number): Refusal | undefined {
    this.elements += elements;
    this.bytes += bytes;
    if (this.bytes > this.maxBytes) return tooLarge(`more than the ${String(this.maxBytes)} bytes allowed`);
    if (this.elements > limits.maxElements) return tooLarge(`more than ${String(limits.maxElements)} elements`);
    return undefined;
  }
}

function invalid(reason: string): Refusal {
  return { code: 'ERR_INVALID_VALUE', reason, path: [] };
}

function tooLarge(reason: string): Refusal {
  return { code: 'ERR_VALUE_TOO_LARGE', reason, path: [] };
}

function within(refusal: Refusal, step: string): Refusal {
  refusal.path.push(step);
  return refusal;
}

function missing(present: boolean): string {
  return present ? 'undefined cannot be stored in an array; use null' : 'an array with holes cannot be stored';
}

function quote(key: string): string {
  const text = JSON.stringify(key.slice(0, 64));
  return key.length > 64 ? `${text}…` : text;
}

function isPlainArray(value: object): value is readonly unknown[] {
  return Array.isArray(value) && (Object.getPrototypeOf(value) === Array.prototype || isDirect(value));
}

/** Made by a built-in class of this or another realm and not by a subclass: its prototype is two steps from the end. */
function isDirect(value: object): boolean {
  return isRoot(Object.getPrototypeOf(Object.getPrototypeOf(value)));
}

/** Without a prototype, or directly below `Object.prototype` of this or another realm. */
function isPlainObject(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || isRoot(prototype);
}

function isRoot(prototype: unknown): boolean {
  return prototype !== null && Object.getPrototypeOf(prototype) === null;
}

function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value !== 'object' || value === null) return String(value);
  const { constructor } = value as { readonly constructor?: unknown };
  const name = typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'a class';
  return `an instance of ${name}`;
}
