/**
 * Every code that SimpleDHT gives an error. The comment says whether the map was changed when it is thrown.
 * Codes are part of the public interface: they are added to, never renamed.
 */
export type ErrorCode =
  /** An option has a wrong type or value. Nothing changed. */
  | 'ERR_INVALID_OPTION'
  /** The key is not a non-empty well-formed string. Nothing changed. */
  | 'ERR_INVALID_KEY'
  /** The key is longer than 1 KiB of UTF-8. Nothing changed. */
  | 'ERR_KEY_TOO_LARGE'
  /** The value holds something that MessagePack cannot carry unharmed. Nothing changed. */
  | 'ERR_INVALID_VALUE'
  /** The encoded value is larger than `maxValueBytes`. Nothing changed. */
  | 'ERR_VALUE_TOO_LARGE'
  /** An address is not `host:port`, or its name does not resolve. Nothing changed. */
  | 'ERR_INVALID_ADDRESS'
  /** Another socket holds the port. The node did not start. */
  | 'ERR_ADDRESS_IN_USE'
  /** Binding failed for another reason (see `cause`). The node did not start. */
  | 'ERR_BIND_FAILED'
  /** A method that needs a started node was called before `start()`. Nothing changed. */
  | 'ERR_NOT_STARTED'
  /** The node, client, transport or store is closed, or closed while this call was pending. A pending write stays local. */
  | 'ERR_CLOSED'
  /** None of the bootstrap addresses answered in the attempts of this call; attempts go on in the background. Nothing changed. */
  | 'ERR_BOOTSTRAP_FAILED'
  /** No answer within the time given. A write sent to a remote node may have been made. */
  | 'ERR_TIMEOUT'
  /** The peer's link went away before the answer came. A write sent to a remote node may have been made. */
  | 'ERR_LINK_DOWN'
  /** The write is stored here, but fewer members than asked for confirmed it in time. The write stays. */
  | 'ERR_IN_DOUBT'
  /** More acknowledgements were asked for than members are known. Nothing changed. */
  | 'ERR_TOO_FEW_MEMBERS'
  /** A bounded queue or table is full. Nothing changed. */
  | 'ERR_LIMIT_REACHED'
  /** The map holds as many keys or bytes as `maxKeys` or `maxStoreBytes` allow, or a namespace as its `maxKeys`. Nothing changed. */
  | 'ERR_MAP_FULL'
  /** The key no longer has the version that the call named. Nothing changed. */
  | 'ERR_VERSION_MISMATCH'
  /** A namespace's schema refused the value. Nothing changed. */
  | 'ERR_SCHEMA'
  /** The message is larger than the transport carries. Nothing was sent. */
  | 'ERR_MESSAGE_TOO_LARGE'
  /** Bytes from the network or a store do not decode. Nothing changed. */
  | 'ERR_MALFORMED'
  /** Told as an event: somebody has another cluster secret than this node, or one of both has none. Nothing changed. */
  | 'ERR_OTHER_SECRET'
  /** Told as an event: looking for other nodes failed, wholly or in part (see `cause`); it goes on. Nothing changed. */
  | 'ERR_DISCOVERY'
  /** The peer speaks no protocol version that this node speaks. Nothing changed. */
  | 'ERR_UNSUPPORTED_VERSION'
  /** The remote node answered with an error that has no code of its own here. A write sent to it may have been made. */
  | 'ERR_REMOTE'
  /** A store broke its contract or the disk failed (see `cause`). A pending write may be lost with the process. */
  | 'ERR_STORE'
  /** The disk is full: the store only reads until there is room again. Nothing changed. */
  | 'ERR_STORE_FULL'
  /** Another process has the store open. Nothing changed. */
  | 'ERR_STORE_LOCKED'
  /** The store cannot do that, such as a backup of a memory store. Nothing changed. */
  | 'ERR_UNSUPPORTED';

const marker: unique symbol = Symbol.for('simpledht.error') as never;

/** Base of every error that SimpleDHT throws. Recognised across copies of the package by `SimpleDHTError.is`. */
export class SimpleDHTError extends Error {
  override readonly name: string = 'SimpleDHTError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, marker, { value: true });
  }

  /** True for an error of any copy of this package; with `code`, only for that code. */
  static is(error: unknown, code?: ErrorCode): error is SimpleDHTError {
    return (
      typeof error === 'object' &&
      error !== null &&
      (error as Record<symbol, unknown>)[marker] === true &&
      (code === undefined || (error as SimpleDHTError).code === code)
    );
  }
}

/** What `InDoubtError` can say of its write. */
export interface InDoubtOptions extends ErrorOptions {
  readonly version?: string | undefined;
}

/** A write that is stored locally but was not confirmed by as many members as asked for. It is not rolled back. */
export class InDoubtError extends SimpleDHTError {
  override readonly name: string = 'InDoubtError';
  /** Members known to hold the write, this node included. */
  readonly acknowledged: number;
  /** Members that were asked for. */
  readonly needed: number;
  /** Of the write that stays; `undefined` when it was made through a client. */
  readonly version: string | undefined;

  constructor(acknowledged: number, needed: number, options?: InDoubtOptions) {
    super(
      'ERR_IN_DOUBT',
      `The write is stored on ${String(acknowledged)} of the ${String(needed)} members asked for; it stays and goes on replicating`,
      options,
    );
    this.acknowledged = acknowledged;
    this.needed = needed;
    this.version = options?.version;
  }
}

/** A conditional write found another version than it named (`ERR_VERSION_MISMATCH`). Nothing changed. */
export class VersionMismatchError extends SimpleDHTError {
  override readonly name: string = 'VersionMismatchError';
  /** The version that was named; `undefined` for "only if the key is not there". */
  readonly expected: string | undefined;
  /** The version that this node holds; `undefined` when the key is not there. */
  readonly current: string | undefined;

  constructor(expected: string | undefined, current: string | undefined, options?: ErrorOptions) {
    super(
      'ERR_VERSION_MISMATCH',
      `The key ${current === undefined ? 'is not there' : `has version ${current}`}, and not ${expected ?? 'absent'} as asked; nothing was written`,
      options,
    );
    this.expected = expected;
    this.current = current;
  }
}

/** One complaint of a schema about a value, in the words of its library. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A namespace's schema refused a value (`ERR_SCHEMA`). Nothing changed. */
export class SchemaError extends SimpleDHTError {
  override readonly name: string = 'SchemaError';
  readonly issues: readonly SchemaIssue[];

  constructor(issues: readonly SchemaIssue[], options?: ErrorOptions) {
    const [first] = issues;
    const more = issues.length > 1 ? ` (and ${String(issues.length - 1)} more)` : '';
    super('ERR_SCHEMA', `The schema refused the value: ${first?.message ?? 'no reason given'}${more}`, options);
    this.issues = issues;
  }
}

/** Why bytes were refused; counters are kept by it. */
export type MalformedReason =
  /** Empty, or larger than any message. */
  | 'size'
  /** A message kind that this version does not know. */
  | 'kind'
  /** A fixed layout that ends too early or too late, or has a count or integer out of bounds. */
  | 'layout'
  /** MessagePack that is broken, too deep, too large once decoded, or holds what is never sent. */
  | 'messagepack'
  /** Well-formed MessagePack that is not this message: a field missing, of a wrong type or out of range. */
  | 'shape';

/** Bytes that do not decode (`ERR_MALFORMED`), with the reason for counters. */
export class MalformedError extends SimpleDHTError {
  override readonly name: string = 'MalformedError';
  readonly reason: MalformedReason;

  constructor(reason: MalformedReason, message: string, options?: ErrorOptions) {
    super('ERR_MALFORMED', message, options);
    this.reason = reason;
  }
}
