import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A connection that the fake router lists. */
export interface FakeConnection {
  /** As in `urn:schemas-upnp-org:service:WANIPConnection:1`, and the path of its calls. */
  readonly type: 'WANIPConnection:2' | 'WANIPConnection:1' | 'WANPPPConnection:1';
  readonly address?: string;
  /** Without one it does not know GetStatusInfo. */
  readonly status?: string;
}

export interface Held {
  readonly host: string;
  readonly port: number;
  readonly leaseSeconds?: number;
}

type Fields = Readonly<Record<string, string>>;

/** A router on loopback that speaks UPnP, with texts of its own making and not of the code under test. */
export class FakeIgd {
  /** By external port. */
  readonly held: Map<number, Held> = new Map<number, Held>();
  /** What was called: `WANIPConnection:1 AddPortMapping 6000 3600`. */
  readonly calls: string[] = [];
  /** Code of the error that an action brings instead. */
  refuse: (action: string, fields: Fields) => number | undefined = () => undefined;
  /** Answers a request in its own way when it returns true. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  readonly #connections: readonly FakeConnection[];
  #port = 0;

  private constructor(connections: readonly FakeConnection[]) {
    this.#connections = connections;
  }

  static async start(...connections: readonly FakeConnection[]): Promise<FakeIgd> {
    const igd = new FakeIgd(connections);
    const server = createServer((request, response) => void igd.#answer(request, response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    igd.#port = (server.address() as AddressInfo).port;
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return igd;
  }

  get location(): URL {
    return new URL(`http://127.0.0.1:${String(this.#port)}/description.xml`);
  }

  /** What was called, without the connection. */
  get actions(): readonly string[] {
    return this.calls.map((call) => call.slice(call.indexOf(' ') + 1));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.intercept(request, response)) return;
    if (request.method === 'GET') {
      response.end(descriptionOf(this.#connections.map(({ type }) => [type, `/${type}`])));
      return;
    }
    let body = '';
    for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString();
    const [, type = '', action = ''] = /^"urn:schemas-upnp-org:service:(.+)#(\w+)"$/.exec(headerOf(request)) ?? [];
    const connection = this.#connections.find((one) => one.type === type && request.url === `/${type}`);
    const fields = fieldsOf(body);
    const { NewExternalPort = '', NewLeaseDuration = '' } = fields;
    this.calls.push([type, action, NewExternalPort, NewLeaseDuration].join(' ').trim());
    const given =
      connection === undefined ? 401 : (this.refuse(action, fields) ?? this.#do(connection, action, fields));
    response.statusCode = typeof given === 'number' ? 500 : 200;
    response.end(typeof given === 'number' ? faultOf(given) : answerOf(action, given));
  }

  /** The answer, or the code of an error. */
  #do(connection: FakeConnection, action: string, fields: Fields): Readonly<Record<string, string | number>> | number {
    const external = Number(fields['NewExternalPort']);
    const held = this.held.get(external);
    const wished: Held = {
      host: fields['NewInternalClient'] ?? '',
      port: Number(fields['NewInternalPort']),
      leaseSeconds: Number(fields['NewLeaseDuration']),
    };
    switch (action) {
      case 'GetExternalIPAddress':
        return { NewExternalIPAddress: connection.address ?? '' };
      case 'GetStatusInfo':
        return connection.status === undefined ? 401 : { NewConnectionStatus: connection.status };
      case 'GetSpecificPortMappingEntry':
        return held === undefined ? 714 : { NewInternalPort: held.port, NewInternalClient: held.host };
      case 'AddPortMapping':
        if (held !== undefined && held.host !== wished.host) return 718;
        this.held.set(external, wished);
        return {};
      case 'AddAnyPortMapping': {
        if (connection.type !== 'WANIPConnection:2') return 401;
        const port = held === undefined || held.host === wished.host ? external : external + 1000;
        this.held.set(port, wished);
        return { NewReservedPort: port };
      }
      case 'DeletePortMapping':
        return this.held.delete(external) ? {} : 714;
      default:
        return 401;
    }
  }
}

function fieldsOf(body: string): Fields {
  const fields: Record<string, string> = {};
  for (const [, name = '', value = ''] of body.matchAll(/<(New\w+)>([^<]*)</g)) fields[name] = value;
  return fields;
}

/** As an old router writes the name, which has to come so. */
function headerOf({ rawHeaders }: IncomingMessage): string {
  return rawHeaders[rawHeaders.indexOf('SOAPAction') + 1] ?? '';
}

/** A description with these services, nested as real ones are. */
export function descriptionOf(services: readonly (readonly [type: string, control: string])[], more = ''): string {
  const list = services.map(
    ([type, control]) =>
      `<service><serviceType>urn:schemas-upnp-org:service:${type}</serviceType><controlURL>${control}</controlURL></service>`,
  );
  return `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0">${more}<device><deviceList><device><serviceList>
    ${list.join('\n')}</serviceList></device></deviceList></device></root>`;
}

function answerOf(action: string, values: Readonly<Record<string, string | number>>): string {
  const body = Object.entries(values).map(([name, value]) => `<${name}>${String(value)}</${name}>`);
  return soap(`<m:${action}Response xmlns:m="urn:x">${body.join('')}</m:${action}Response>`);
}

function faultOf(code: number): string {
  const error = `<UPnPError><errorCode>${String(code)}</errorCode><errorDescription>of \u001b[31mthe router</errorDescription>`;
  return soap(`<SOAP:Fault><faultCode>s:Client</faultCode><detail>${error}</UPnPError></detail></SOAP:Fault>`);
}

function soap(body: string): string {
  return `<?xml version="1.0"?>\r\n<SOAP:Envelope xmlns:SOAP="x"><SOAP:Body>${body}</SOAP:Body></SOAP:Envelope>\0`;
}
