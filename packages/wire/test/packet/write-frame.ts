import {
  writeAck,
  writeClose,
  writeCredit,
  writeDatagram,
  writeFragment,
  writePing,
  writeWholeMessage,
  type ByteWriter,
  type Frame,
} from '../../src/index.ts';

/** Any frame, by the writer of its kind. Throws for one that was skipped in reading: nobody knows how to write it. */
export function writeFrame(writer: ByteWriter, frame: Frame): void {
  switch (frame.type) {
    case 'ack':
      writeAck(writer, frame.ranges, frame.delayMs);
      break;
    case 'ping':
      writePing(writer);
      break;
    case 'close':
      writeClose(writer, frame.code);
      break;
    case 'credit':
      writeCredit(writer, frame.maxBytes);
      break;
    case 'datagram':
      writeDatagram(writer, frame.payload);
      break;
    case 'message':
      if (frame.totalBytes === frame.payload.length) {
        writeWholeMessage(writer, frame.kind, frame.requestId, frame.payload);
      } else writeFragment(writer, frame);
      break;
    case 'skipped':
      throw new Error('Nobody writes what nobody knows');
  }
}
