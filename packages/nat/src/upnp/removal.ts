import type { Gateway } from '@achingbrain/nat-port-mapper';

const connection = 'urn:schemas-upnp-org:service:WANIPConnection:2';

type Fields = readonly (readonly [name: string, value: string | number])[];

/** What the library has inside, and does not export. */
interface Device {
  run(service: string, action: string, fields: Fields, options: { readonly signal: AbortSignal }): Promise<unknown>;
}

/**
 * Takes a mapping back. `unmap` of the library (4.0.5) names no protocol, which routers refuse, and hides that they did; so its
 * device is called as it calls it itself. A later version that has none gets its own `unmap`.
 */
export async function removeMapping(gateway: Gateway, externalPort: number, signal: AbortSignal): Promise<void> {
  const device = 'gateway' in gateway ? gateway.gateway : undefined;
  if (!isDevice(device)) {
    await gateway.unmap(externalPort, { signal });
    return;
  }
  const fields: Fields = [
    ['NewRemoteHost', ''],
    ['NewExternalPort', externalPort],
    ['NewProtocol', 'UDP'],
  ];
  await device.run(connection, 'DeletePortMapping', fields, { signal });
}

function isDevice(value: unknown): value is Device {
  return typeof value === 'object' && value !== null && 'run' in value && typeof value.run === 'function';
}
