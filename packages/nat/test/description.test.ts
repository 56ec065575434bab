import { describe, expect, it } from 'vitest';
import { servicesIn } from '../src/upnp/description.ts';
import { elementsIn, parseXml, textIn } from '../src/upnp/xml.ts';
import { descriptionOf } from './support/igd.ts';

const location = new URL('http://10.0.0.1:49152/dir/root.xml');
const ip1 = 'WANIPConnection:1';

const controls = (text: string): readonly string[] => servicesIn(text, location).map(({ control }) => control.href);

describe('the description of a router', () => {
  it('lists what maps ports, the best first, each once, and nothing else', () => {
    const listed = ['WANPPPConnection:1', 'Layer3Forwarding:1', ip1, 'WANIPConnection:2', ip1, 'WANIPConnection:9'];
    const services = servicesIn(descriptionOf(listed.map((type) => [type, `/${type}`])), location);
    expect(
      services.map(({ type, hasAddAny }) => [type.slice('urn:schemas-upnp-org:service:'.length), hasAddAny]),
    ).toEqual([
      ['WANIPConnection:2', true],
      ['WANIPConnection:1', false],
      ['WANPPPConnection:1', false],
    ]);
  });

  it('counts up to 6 connections', () => {
    const many = Array.from({ length: 100 }, (_, at) => [ip1, `/${String(at)}`] as const);
    expect(controls(descriptionOf(many))).toHaveLength(6);
  });

  it.each([
    ['from the root', '/ctl', '', 'http://10.0.0.1:49152/ctl'],
    ['beside the description', 'ctl', '', 'http://10.0.0.1:49152/dir/ctl'],
    ['in full, at another port', 'http://10.0.0.1:80/ctl', '', 'http://10.0.0.1/ctl'],
    ['from a base', '/ctl', 'http://10.0.0.1:5431/', 'http://10.0.0.1:5431/ctl'],
    ['from an empty base', '/ctl', ' ', 'http://10.0.0.1:49152/ctl'],
    ['from the base of another host, which does not count', '/ctl', 'http://10.0.0.9:1/', 'http://10.0.0.1:49152/ctl'],
  ])('names the address of a service %s', (_what, control, base, href) => {
    expect(controls(descriptionOf([[ip1, control]], `<URLBase>${base}</URLBase>`))).toEqual([href]);
  });

  it.each(['http://10.0.0.9/ctl', '//10.0.0.9/ctl', 'https://10.0.0.1/ctl', 'file:///etc/passwd', 'http://[', ''])(
    'is passed over where calls would go to %s',
    (control) => {
      expect(controls(descriptionOf([[ip1, control]]))).toEqual([]);
    },
  );
});

describe('a text of a router', () => {
  it.each([
    ['a bare ampersand', '<a><n>Smith & Sons</n><x>1</x></a>', 'Smith & Sons'],
    ['an end tag that matches nothing', '<a><n>b</n></q><x>1</x></a>', 'b'],
    ['no end', '<a><n>b</n><x>1</x>', 'b'],
    ['zeros after its end', '<a><n>b</n><x>1</x></a>\0\0', 'b'],
    ['other prefixes and cases', '<A:a><Q:N>b</Q:N><x:X>1</x:X></A:a>', 'b'],
    ['white space', '\r\n<a>\n<n>\t b\n</n>\n<x>1</x></a>', 'b'],
    ['CDATA', '<a><n><![CDATA[b]]></n><x>1</x></a>', 'b'],
  ])('with %s is read', (_what, text, value) => {
    expect([textIn(parseXml(text), 'n'), textIn(parseXml(text), 'x')]).toEqual([value, '1']);
  });

  it('is not expanded by entities of its own', () => {
    const text = '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY f SYSTEM "file:///etc/passwd">]><a><n>&b;&f;&lt;</n></a>';
    expect(textIn(parseXml(text), 'n')).toBe('&b;&f;<');
  });

  it('has its elements whatever they are called, and none that it does not have', () => {
    const root = parseXml('<__proto__><constructor>b</constructor></__proto__>');
    expect([textIn(root, '__proto__'), textIn(root, 'constructor'), textIn(root, 'toString')]).toEqual([
      '',
      'b',
      undefined,
    ]);
    expect([...elementsIn(parseXml('<a><a/></a>'), 'a')]).toHaveLength(2);
  });
});
