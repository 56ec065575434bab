// Takes bulk and answers it with its checksum; answers small requests with themselves.
import { udpTransport } from '@simpledht/transport';
import { crc32 } from '../../src/crc32.ts';
import type { ReceiverOptions } from './options.ts';
import { options, say } from './script.ts';

const { ip, receiveBufferBytes } = options() as ReceiverOptions;
const transport = udpTransport({ host: ip, receiveBufferBytes });
await transport.open({
  onDatagram: () => undefined,
  onRequest: (_from, payload, reply) => {
    const checksum = new Uint8Array(4);
    new DataView(checksum.buffer).setUint32(0, crc32(payload));
    reply(payload.length <= 100 ? payload : checksum);
  },
  onEvent: () => undefined,
});
say({ address: transport.address });
