import { exchange } from './http.ts';
import { elementsIn, parseXml, textIn, type XmlElement } from './xml.ts';

/** A connection of the router to the internet, at which it maps ports. */
export interface Service {
  readonly type: string;
  /** Its calls go there. */
  readonly control: URL;
  /** It finds a free port by itself. */
  readonly hasAddAny: boolean;
}

/** In the order in which they are asked. PPP is that of DSL lines; it never had a version 2. */
const types = ['WANIPConnection:2', 'WANIPConnection:1', 'WANPPPConnection:1'].map(
  (name) => `urn:schemas-upnp-org:service:${name}`,
);

/** Connections that are looked at; a router has one or two. */
const maxServices = 6;

/** Reads the description of a router. */
export async function servicesAt(location: URL, signal: AbortSignal): Promise<readonly Service[]> {
  const { status, text } = await exchange(location, signal);
  if (status !== 200) throw new Error(`its description is answered with status ${String(status)}`);
  return servicesIn(text, location);
}

/** The services that map ports, the best first. One whose calls would go to another host than the description's is none. */
export function servicesIn(description: string, location: URL): readonly Service[] {
  const root = parseXml(description);
  const base = urlOn(location, textIn(root, 'URLBase') ?? '', location) ?? location;
  const services: Service[] = [];
  for (const element of elementsIn(root, 'service')) {
    const service = serviceOf(element, base);
    if (service !== undefined && !services.some((other) => isSame(service, other))) services.push(service);
  }
  return services.sort((a, b) => types.indexOf(a.type) - types.indexOf(b.type)).slice(0, maxServices);
}

function serviceOf(element: XmlElement, base: URL): Service | undefined {
  const type = textIn(element, 'serviceType') ?? '';
  const control = urlOn(base, textIn(element, 'controlURL') ?? '', base);
  if (!types.includes(type) || control === undefined) return undefined;
  return { type, control, hasAddAny: type === types[0] };
}

function isSame(service: Service, other: Service): boolean {
  return service.type === other.type && service.control.href === other.control.href;
}

/** `path` when it leads to the host of `to`. The base that UDA 1.0 allows a description is often another's, or none. */
function urlOn(to: URL, path: string, base: URL): URL | undefined {
  if (path === '' || !URL.canParse(path, base.href)) return undefined;
  const url = new URL(path, base);
  return url.protocol === 'http:' && url.hostname === to.hostname ? url : undefined;
}
