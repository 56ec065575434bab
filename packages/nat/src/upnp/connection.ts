import { isIPv4 } from 'node:net';
import { isPublic } from '../addresses.ts';
import type { Service } from './description.ts';
import { call } from './soap.ts';
import { textIn } from './xml.ts';

export interface Connection {
  readonly service: Service;
  readonly externalHost: string;
}

/** For a connection that is up and has a public address, which is what others are compared with. */
const best = 3;

/**
 * Which of a router's services is connected to the internet: of one that lists both IP and PPP, the other is there but idle, and a
 * mapping there forwards nothing. What says Connected counts more than an address, which may be that of another line or an old one;
 * an address counts more if it is public. Of equals it is the first.
 */
export async function connectionOf(services: readonly Service[], signal: AbortSignal): Promise<Connection> {
  let chosen: { readonly rank: number; readonly connection: Connection } | undefined;
  let reason: unknown = new Error('it is not connected to the internet');
  for (const service of services) {
    try {
      const externalHost = await addressAt(service, signal);
      if (externalHost === undefined) continue;
      const connection = { service, externalHost };
      if (services.length === 1) return connection;
      const rank = 2 * Number(await isConnected(service, signal)) + Number(isPublic(externalHost));
      if (chosen === undefined || rank > chosen.rank) chosen = { rank, connection };
      if (rank === best) break;
    } catch (error) {
      reason = error;
    }
  }
  if (chosen === undefined) throw reason;
  return chosen.connection;
}

/** A line that is down has the address '' or 0.0.0.0. */
async function addressAt(service: Service, signal: AbortSignal): Promise<string | undefined> {
  const address = textIn(await call(service, { name: 'GetExternalIPAddress' }, signal), 'NewExternalIPAddress') ?? '';
  return isIPv4(address) && address !== '0.0.0.0' ? address : undefined;
}

async function isConnected(service: Service, signal: AbortSignal): Promise<boolean> {
  try {
    return textIn(await call(service, { name: 'GetStatusInfo' }, signal), 'NewConnectionStatus') === 'Connected';
  } catch {
    return false;
  }
}
