import { formatHostPort, parseHostPort, type HostPort } from '@simpledht/transport';
import { SimpleDHTError } from '@simpledht/wire';
import { isPublic, splitAddress } from '../../../../apps/cli/src/addresses.ts';
import { fromJson, toJson, toRaw, toText } from '../../../../apps/cli/src/values.ts';
import { assertEqual } from '../equal.ts';
import { assertThat, roundTrip, type Target } from '../target.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (input: Uint8Array): string => new TextDecoder().decode(input);

interface Decoded {
  readonly value: unknown;
}

/** Values that are typed at the command. */
const jsonValues = roundTrip<Decoded>({
  name: 'json-values',
  sources: ['/cli/src/values'],
  seeds: () =>
    [
      '{"a":[1,null,true,"text"],"$$b":{"$bigint":"-12"}}',
      '{"$number":"NaN"}',
      '[{"$bytes":"AQI="},{"$date":"2026-01-01T00:00:00.000Z"},{"$number":"NaN"},{"$number":"-0"},{"$date":""}]',
    ].map(bytes),
  words: ['__proto__', 'constructor', 'toString', '$number', '$bigint', '$bytes', '$date', '$', '{"', '"}', '":"'],
  decode: (input) => ({ value: fromJson(JSON.parse(text(input))) }),
  encode: ({ value }) => bytes(JSON.stringify(toJson(value))),
  refuses: (error) => error instanceof SyntaxError,
  judge: ({ value }) => {
    assertThat(value !== Object.prototype, 'a value is its own');
    toText(value);
    toRaw(value);
    return typeof value;
  },
});

/** Addresses of peers, from options and from the roster. */
const addresses = roundTrip<HostPort>({
  name: 'addresses',
  sources: ['/transport/src/address', '/cli/src/addresses'],
  seeds: () => ['127.0.0.1:5000', '[2001:db8::1%eth0]:5000', 'node.example:65535', '[::ffff:10.0.0.1]:1'].map(bytes),
  words: ['[', ']', ':', '%', '::', '0.0.0.0', '65536', '.'],
  decode: (input) => {
    const { host } = splitAddress(text(input));
    isPublic(host);
    return parseHostPort(text(input));
  },
  encode: ({ host, port }) => bytes(formatHostPort(host, port)),
  refuses: (error) => SimpleDHTError.is(error, 'ERR_INVALID_ADDRESS'),
  judge: ({ host, port }) => {
    assertEqual(splitAddress(formatHostPort(host, port)), { host, port }, 'an address, split,');
    return host.includes(':') ? 'ipv6' : 'other';
  },
});

export const textTargets: readonly Target[] = [jsonValues, addresses];
