import type { Service } from './description.ts';
import { call, Refusal, refusals, type Fields } from './soap.ts';
import { textIn } from './xml.ts';

/** What routers show in their list of mappings. */
const description = 'simpledht';

/** External ports that are tried when others have those before: a LAN with more nodes on the same port is rare. A guess. */
const maxPorts = 8;

/** Ports below are often refused. */
const firstPort = 1024;
const lastPort = 65_535;

export interface Wish {
  readonly externalPort: number;
  readonly internalPort: number;
  readonly internalHost: string;
  readonly leaseMs: number;
}

/** Takes the port, or another if somebody else has it, and tells which. What is ours already is renewed. */
export async function addMapping(service: Service, wish: Wish, signal: AbortSignal): Promise<number> {
  if (service.hasAddAny) {
    const port = await unless([refusals.invalidAction, refusals.notImplemented], addAny(service, wish, signal));
    if (port !== undefined) return port;
  }
  let reason: unknown;
  for (const externalPort of portsFrom(wish)) {
    try {
      await addAt(service, { ...wish, externalPort }, signal);
      return externalPort;
    } catch (error) {
      if (!isConflict(error)) throw error;
      reason = error;
    }
  }
  throw reason;
}

export async function deleteMapping(service: Service, externalPort: number, signal: AbortSignal): Promise<void> {
  await call(service, { name: 'DeletePortMapping', fields: entry(externalPort) }, signal);
}

async function addAny(service: Service, wish: Wish, signal: AbortSignal): Promise<number> {
  const answer = await add('AddAnyPortMapping', service, wish, signal);
  const port = Number(textIn(answer, 'NewReservedPort'));
  if (!Number.isInteger(port) || port < 1 || port > lastPort) throw new Error('it does not tell which port it gives');
  return port;
}

/** The wished one, that of the machine itself (some routers give no other), and those that follow. Always the same ones. */
function portsFrom({ externalPort, internalPort }: Wish): readonly number[] {
  const ports = new Set([externalPort, internalPort]);
  for (let port = externalPort + 1; ports.size < maxPorts; port++) {
    if (port > lastPort || port < firstPort) port = firstPort;
    ports.add(port);
  }
  return [...ports];
}

/**
 * Version 1 writes over what the same machine has at that port, so it is looked up who has it: another program of this machine
 * would lose its mapping. Some routers refuse a renewal too; then it is taken back first.
 */
async function addAt(service: Service, wish: Wish, signal: AbortSignal): Promise<void> {
  const holder = await holderOf(service, wish, signal);
  if (holder === 'other') throw new Refusal('AddPortMapping', refusals.conflictInMapping);
  try {
    await add('AddPortMapping', service, wish, signal);
  } catch (error) {
    if (holder !== 'own' || !isConflict(error)) throw error;
    await deleteMapping(service, wish.externalPort, signal);
    await add('AddPortMapping', service, wish, signal);
  }
}

/** Who has the port; `undefined` when nobody has, or the router does not tell. */
async function holderOf(service: Service, wish: Wish, signal: AbortSignal): Promise<'own' | 'other' | undefined> {
  const { externalPort, internalPort, internalHost } = wish;
  const action = { name: 'GetSpecificPortMappingEntry', fields: entry(externalPort) };
  const answer = await call(service, action, signal).catch(() => undefined);
  signal.throwIfAborted();
  const host = answer && textIn(answer, 'NewInternalClient');
  const port = answer && textIn(answer, 'NewInternalPort');
  if (host === undefined || host === '' || port === undefined) return undefined;
  return host === internalHost && Number(port) === internalPort ? 'own' : 'other';
}

/** For a while; for ever, if the router knows nothing else: many of version 1, which say so in two ways. */
async function add(name: string, service: Service, wish: Wish, signal: AbortSignal): ReturnType<typeof call> {
  const permanent = [refusals.onlyPermanentLeases, refusals.invalidArgs];
  const leaseSeconds = Math.max(1, Math.round(wish.leaseMs / 1000));
  const answer = await unless(permanent, call(service, { name, fields: fieldsOf(wish, leaseSeconds) }, signal));
  return answer ?? call(service, { name, fields: fieldsOf(wish, 0) }, signal);
}

function fieldsOf({ externalPort, internalPort, internalHost }: Wish, leaseSeconds: number): Fields {
  return [
    ...entry(externalPort),
    ['NewInternalPort', internalPort],
    ['NewInternalClient', internalHost],
    ['NewEnabled', 1],
    ['NewPortMappingDescription', description],
    ['NewLeaseDuration', leaseSeconds],
  ];
}

function entry(externalPort: number): Fields {
  return [
    ['NewRemoteHost', ''],
    ['NewExternalPort', externalPort],
    ['NewProtocol', 'UDP'],
  ];
}

/** `undefined` when the router refuses with one of these. */
async function unless<T>(codes: readonly number[], work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Refusal && codes.includes(error.code)) return undefined;
    throw error;
  }
}

/** Another port may do. Some routers say of a port that is taken only that the action failed. */
const conflicts: readonly number[] = [
  refusals.conflictInMapping,
  refusals.conflictWithOtherMechanisms,
  refusals.samePortValuesRequired,
  refusals.actionFailed,
];

function isConflict(error: unknown): boolean {
  return error instanceof Refusal && conflicts.includes(error.code);
}
