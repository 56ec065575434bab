// What node:dgram does by itself, as the limit beside the transport's figures.
import type { Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';

async function bareSocket(): Promise<Socket> {
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: 4_194_304,
    lookup: (host, _options, callback) => {
      callback(null, host, 4);
    },
  });
  // By callback: with a synchronous look-up `listening` is emitted within this call.
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  return socket;
}

/** Echoes per second, one datagram each way, by callbacks: no promise is counted against the bare socket. */
export async function bareEchoRate(
  port: number,
  payload: Uint8Array,
  count: number,
  inFlight: number,
): Promise<number> {
  const socket = await bareSocket();
  let sent = 0;
  let received = 0;
  const startMs = performance.now();
  await new Promise<void>((resolve) => {
    const send = (): void => {
      sent++;
      socket.send(payload, port, '127.0.0.1');
    };
    socket.on('message', () => {
      if (++received === count) resolve();
      else if (sent < count) send();
    });
    for (let index = 0; index < inFlight; index++) send();
  });
  const elapsedMs = performance.now() - startMs;
  socket.close();
  return (count / elapsedMs) * 1000;
}

/** MB/s one way in datagrams of `bytes`, with 128 of them unacknowledged; the peer acknowledges every 16th. */
export async function bareBulkRate(port: number, bytes: number, count: number): Promise<number> {
  const socket = await bareSocket();
  const datagram = new Uint8Array(bytes).fill(7);
  let sent = 0;
  let acknowledged = 0;
  const startMs = performance.now();
  await new Promise<void>((resolve) => {
    const fill = (): void => {
      for (; sent < count && sent - acknowledged < 128; sent++) socket.send(datagram, port, '127.0.0.1');
      if (acknowledged >= count - 16) resolve();
    };
    // Lost datagrams are written off, or the run would never end.
    const stalled = setInterval(() => {
      acknowledged = sent;
      fill();
    }, 500);
    socket.on('message', () => {
      stalled.refresh();
      acknowledged += 16;
      fill();
    });
    socket.on('close', () => {
      clearInterval(stalled);
    });
    fill();
  });
  const elapsedMs = performance.now() - startMs;
  socket.close();
  return (count * bytes) / 1000 / elapsedMs;
}
