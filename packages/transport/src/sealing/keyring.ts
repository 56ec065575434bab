import { createHash, createHmac } from 'node:crypto';
import { SimpleDHTError } from '@simpledht/wire';
import type { Random } from '../random.ts';
import { systemRandom } from '../system-random.ts';
import { noiseKeyBytes } from './noise.ts';

/** How a secret begins in text: what it is, and the version of the text. */
const prefix = 'sdht1_';
const checkBytes = 4;
export const keyIdBytes = 4;

/** Secrets in a keyring. While one takes the place of another there are two. */
export const maxSecrets = 8;

/** A cluster's secret, as links use it. */
export interface ClusterKey {
  /** 4 bytes that tell it apart from others and tell nothing about it. */
  readonly id: Uint8Array;
  /** Pre-shared key of Noise. */
  readonly psk: Uint8Array;
  /** Authenticates what is said outside of a link. */
  readonly controlKey: Uint8Array;
}

/** A new secret: 32 random bytes as text, with a check against typing errors. Whoever has it is a member. */
export function newSecret(random: Random = systemRandom): string {
  const key = random.bytes(noiseKeyBytes);
  return prefix + Buffer.concat([key, checkOf(key)]).toString('base64url');
}

/**
 * The first secret is the one that is dialled with first; all are taken. Throws `ERR_INVALID_OPTION`, never with a
 * secret in the message.
 */
export function parseKeyring(secret: string | readonly string[]): readonly ClusterKey[] {
  const secrets = typeof secret === 'string' ? [secret] : secret;
  if (!Array.isArray(secrets) || secrets.length === 0 || secrets.length > maxSecrets)
    throw invalid(`must be a secret or 1 to ${String(maxSecrets)} of them`);
  const keys = secrets.map(parse);
  if (new Set(keys.map(({ id }) => Buffer.from(id).toString('hex'))).size < keys.length)
    throw invalid('has one secret twice');
  return keys;
}

function parse(secret: unknown): ClusterKey {
  const text = typeof secret === 'string' ? secret : '';
  if (!text.startsWith(prefix))
    throw invalid(`must be what \`simpledht keygen\` prints (${prefix}…): a passphrase can be guessed`);
  const bytes = Buffer.from(text.slice(prefix.length), 'base64url');
  const psk = bytes.subarray(0, noiseKeyBytes);
  const isWhole =
    bytes.length === noiseKeyBytes + checkBytes && bytes.toString('base64url') === text.slice(prefix.length);
  if (!isWhole || !checkOf(psk).equals(bytes.subarray(noiseKeyBytes)))
    throw invalid('is damaged: a letter is wrong or missing');
  return { id: derived(psk, 'key id').subarray(0, keyIdBytes), psk, controlKey: derived(psk, 'control') };
}

function checkOf(key: Uint8Array): Buffer {
  return createHash('sha256').update(key).digest().subarray(0, checkBytes);
}

function derived(key: Uint8Array, purpose: string): Buffer {
  return createHmac('sha256', key).update(`simpledht 1 ${purpose}`).digest();
}

function invalid(what: string): SimpleDHTError {
  return new SimpleDHTError('ERR_INVALID_OPTION', `Option secret ${what}`);
}
