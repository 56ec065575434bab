import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeError } from '../errors.ts';
import { lockedError, type DirectoryLock } from './locked.ts';
import { whichAnswer } from './probe.ts';

/** Bytes that a socket's address has room for: 108 with its end on Linux, fewer elsewhere. */
const maxAddressBytes = 100;
const namePattern = /^lock-(\d+)-[0-9a-f]{16}$/;

/**
 * Announce first, then look: a socket with a name that is never used twice is bound in the directory, and then every
 * other one there is called. One that answers belongs to a living process; one that refuses is left over from a dead
 * process and is removed, which can hit no living one because of the names. Of two that start at the same moment both may
 * be refused, but never both let in. Sockets in a directory are reached from other containers, too.
 */
export function socketLock(directory: string): DirectoryLock {
  const place = announce(directory);
  const owner = livingOwner(place);
  if (owner === undefined) return place;
  place.release();
  throw lockedError(directory, owner);
}

interface Place extends DirectoryLock {
  readonly folder: string;
  readonly name: string;
  readonly server: Server;
  /** Another way to write the folder's name, short enough for a socket. */
  readonly short: string;
}

function announce(directory: string): Place {
  for (const place of placesFor(directory)) if (place.server.listening) return place;
  throw storeError('ERR_STORE', `The store in ${directory} cannot be locked: no socket can be made for it`);
}

/** The directory itself, and for file systems without sockets (shared folders of virtual machines) one made for it. */
function* placesFor(directory: string): Generator<Place> {
  yield bind(directory);
  const { dev, ino } = statSync(directory);
  const folder = join(tmpdir(), `simpledht-${String(dev)}-${String(ino)}`);
  mkdirSync(folder, { recursive: true });
  const place = bind(folder);
  const release = (): void => {
    place.release();
    try {
      rmdirSync(folder);
    } catch {
      // Somebody else has begun to use it.
    }
  };
  yield { ...place, release };
}

function bind(folder: string): Place {
  const name = `lock-${String(process.pid)}-${randomBytes(8).toString('hex')}`;
  // Through the open folder any path is short enough.
  const handle = Buffer.byteLength(folder) + name.length < maxAddressBytes ? undefined : openSync(folder, 'r');
  const short = handle === undefined ? folder : `/proc/self/fd/${String(handle)}`;
  const server = createServer((caller) => caller.destroy());
  // Whether it worked shows at once in `listening`; the event comes later and tells nothing more.
  server.on('error', () => undefined);
  server.listen({ path: join(short, name), exclusive: true });
  server.unref();
  const release = (): void => {
    server.close();
    rmSync(join(folder, name), { force: true });
    if (handle !== undefined) closeSync(handle);
  };
  if (!server.listening && handle !== undefined) closeSync(handle);
  return { folder, name, server, short, release };
}

/** Process id of a living owner beside this one; removes what dead ones left. */
function livingOwner({ folder, name, short }: Place): number | undefined {
  const others = readdirSync(folder).filter((other) => other !== name && namePattern.test(other));
  if (others.length === 0) return undefined;
  const answers = whichAnswer(others.map((other) => join(short, other)));
  let owner: number | undefined;
  for (const [index, other] of others.entries()) {
    if (answers[index] === true) owner = Number(namePattern.exec(other)?.[1]);
    else rmSync(join(folder, other), { force: true });
  }
  return owner;
}
