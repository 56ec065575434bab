import { servicesIn } from '../../../../packages/nat/src/upnp/description.ts';
import { routerIn } from '../../../../packages/nat/src/upnp/search.ts';
import { assertThat, type Target } from '../target.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const latin1 = (input: Uint8Array): string => Buffer.from(input).toString('latin1');
const utf8 = (input: Uint8Array): string => new TextDecoder().decode(input);

const service = (type: string, control: string): string =>
  `<service><serviceType>urn:schemas-upnp-org:service:${type}</serviceType><controlURL>${control}</controlURL></service>`;

const description = (services: string, base = ''): string =>
  `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0">${base}<device><friendlyName>A & B</friendlyName>` +
  `<deviceList><device><serviceList>${services}</serviceList></device></deviceList></device></root>`;

/** What a router says of itself: only services of its own host are called, and no more than a few. */
const descriptions: Target = {
  name: 'upnp-description',
  sources: ['/nat/src/upnp/description', '/nat/src/upnp/xml'],
  seeds: () =>
    [
      description(service('WANIPConnection:2', '/ctl/IPConn') + service('WANPPPConnection:1', 'ppp?a=1')),
      description(service('WANIPConnection:1', 'http://192.168.1.1:81/c'), '<URLBase>http://192.168.1.1:80</URLBase>'),
      description(`<!-- x --><![CDATA[<service>]]>${service('WANIPConnection:1', '&#47;a&amp;b')}`),
    ].map(bytes),
  words: [
    '<service>',
    '</service>',
    '<URLBase>',
    '//',
    'http://10.0.0.1/',
    '<![CDATA[',
    ']]>',
    '&',
    '<!--',
    '<?',
    '<!DOCTYPE',
  ],
  run: (input) => {
    const location = new URL('http://192.168.1.1:5000/root.xml');
    let services;
    try {
      services = servicesIn(utf8(input), location);
    } catch (error) {
      assertThat(error instanceof Error && error.message === 'its answer is nested too deep', String(error));
      return 'too deep';
    }
    assertThat(services.length <= 6, 'few services are looked at');
    for (const { control } of services)
      assertThat(control.protocol === 'http:' && control.hostname === location.hostname, 'a call stays on the host');
    return `services ${services.map(({ type }) => type.slice(-17)).join()}`;
  },
};

/** Who answers a search: only a router at the sender's own address is asked further. */
const answers: Target = {
  name: 'upnp-search',
  sources: ['/nat/src/upnp/search'],
  seeds: () =>
    [2, 1].map((version) =>
      bytes(
        `HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:${String(version)}\r\n` +
          'LOCATION: http://192.168.1.1:5000/root.xml\r\nSERVER: x\r\nUSN: uuid:1\r\n\r\n',
      ),
    ),
  words: ['\r\n', 'ST:', 'LOCATION:', 'http://', '192.168.1.1', '@', '://', ' 200 '],
  run: (input) => {
    const found = routerIn(latin1(input), '192.168.1.1');
    if (found === undefined) return 'none';
    assertThat(found.location.hostname === '192.168.1.1', 'it leads to its sender');
    return `version ${String(found.version)}`;
  },
};

export const routerTargets: readonly Target[] = [descriptions, answers];
