/** What a node says of itself in multicast DNS. */
export interface Announced {
  readonly id: string;
  readonly tags: readonly string[];
  readonly port: number;
  /** IP addresses, as they came. */
  readonly addresses: readonly string[];
  /** 0: it is going away. */
  readonly ttlMs: number;
}

/** A resource record, as dns-packet writes it. */
interface DnsRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl?: number;
  readonly flush?: boolean;
  readonly data?: unknown;
}

/** Version of what the TXT record says. */
const version = 'v=1';
/** Most tags of one announcement that are read: as many as secrets may be. */
const maxTags = 8;
const idPattern = /^[0-9a-f]{32}$/;
const tagPattern = /^[0-9a-f]{16}$/;

/** The service's name in DNS-SD (RFC 6763 §4.1.2). */
export type ServiceName = `_simpledht._${'udp' | 'tcp'}.local`;

/** What asks for all nodes. */
export function question(service: ServiceName): object {
  return { questions: [{ name: service, type: 'PTR' }] };
}

/** All that there is to know, in one packet (RFC 6763 §12). */
export function answers(service: ServiceName, { id, tags, port, addresses, ttlMs }: Announced): object {
  const instance = `${id}.${service}`;
  const host = `${id}.local`;
  const ttl = Math.ceil(ttlMs / 1000);
  return {
    answers: [{ name: service, type: 'PTR', ttl, data: instance }],
    additionals: [
      { name: instance, type: 'SRV', ttl, flush: true, data: { priority: 0, weight: 0, port, target: host } },
      { name: instance, type: 'TXT', ttl, flush: true, data: [version, `tags=${tags.join(',')}`] },
      ...addresses.map((ip) => ({ name: host, type: ip.includes(':') ? 'AAAA' : 'A', ttl, flush: true, data: ip })),
    ],
  };
}

/** The packet asks for nodes, and does not know `id` yet (RFC 6762 §7.1: what it lists with half of its time is known). */
export function asksFor(service: ServiceName, packet: unknown, self: Pick<Announced, 'id' | 'ttlMs'>): boolean {
  const asks = recordsOf(packet, 'questions').some(({ name, type }) => isSame(name, service) && asked.has(type));
  if (!asks) return false;
  return !recordsOf(packet, 'answers').some(
    ({ name, type, ttl = 0, data }) =>
      type === 'PTR' && isSame(name, service) && isSame(data, `${self.id}.${service}`) && ttl * 2000 >= self.ttlMs,
  );
}

const asked: ReadonlySet<string> = new Set(['PTR', 'ANY']);

/** The announcements in a packet, at most `limit`, and how many are none. */
export function readAnnouncements(
  service: ServiceName,
  packet: unknown,
  limit: number,
): { readonly announced: readonly Announced[]; readonly malformed: number } {
  const records = [...recordsOf(packet, 'answers'), ...recordsOf(packet, 'additionals')];
  const services = records.filter(({ name, type }) => type === 'SRV' && isUnder(name, service)).slice(0, limit);
  const announced = services.flatMap((record) => readOne(service, record, records) ?? []);
  return { announced, malformed: services.length - announced.length };
}

function readOne(service: ServiceName, srv: DnsRecord, records: readonly DnsRecord[]): Announced | undefined {
  const id = srv.name.slice(0, -service.length - 1).toLowerCase();
  const { port, target } = fieldsOf(srv.data);
  const { ttl = 0 } = srv;
  const tags = tagsOf(records.find(({ name, type }) => type === 'TXT' && isSame(name, srv.name))?.data);
  const isWhole =
    idPattern.test(id) &&
    tags !== undefined &&
    typeof port === 'number' &&
    Number.isInteger(port) &&
    port >= 1 &&
    port <= 65_535;
  if (!isWhole) return undefined;
  const addresses = records.flatMap(({ name, type, data }) =>
    (type === 'A' || type === 'AAAA') && isSame(name, target) && typeof data === 'string' ? [data] : [],
  );
  return { id, tags, port, addresses, ttlMs: ttl * 1000 };
}

/** The tags of a TXT record; `undefined` when it is of another version or kind. */
function tagsOf(data: unknown): readonly string[] | undefined {
  const texts = (Array.isArray(data) ? data : [data]).map(textOf);
  if (!texts.includes(version)) return undefined;
  const tags = texts.find((text) => text.startsWith('tags='))?.slice('tags='.length);
  return tags?.split(',', maxTags).filter((tag) => tagPattern.test(tag));
}

/** Latin letters and digits are all that is looked for. */
function textOf(bytes: unknown): string {
  if (typeof bytes === 'string') return bytes;
  return bytes instanceof Uint8Array ? String.fromCharCode(...bytes.subarray(0, 255)) : '';
}

function fieldsOf(data: unknown): { readonly port?: unknown; readonly target?: unknown } {
  return typeof data === 'object' && data !== null ? data : {};
}

function recordsOf(packet: unknown, section: 'questions' | 'answers' | 'additionals'): readonly DnsRecord[] {
  if (typeof packet !== 'object' || packet === null) return [];
  const records: unknown = Reflect.get(packet, section);
  return Array.isArray(records) ? records.filter(isRecord) : [];
}

function isRecord(record: unknown): record is DnsRecord {
  if (typeof record !== 'object' || record === null) return false;
  if (!('name' in record) || !('type' in record)) return false;
  const isTimed = !('ttl' in record) || typeof record.ttl === 'number';
  return typeof record.name === 'string' && typeof record.type === 'string' && isTimed;
}

/** Names of DNS know no case. */
function isSame(name: unknown, other: unknown): boolean {
  return typeof name === 'string' && typeof other === 'string' && name.toLowerCase() === other.toLowerCase();
}

function isUnder(name: string, service: string): boolean {
  return name.toLowerCase().endsWith(`.${service}`);
}
