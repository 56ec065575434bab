// What node:net does by itself, as the limit beside the transport's figures.
import { once } from 'node:events';
import { connect } from 'node:net';
import { host } from './shared.ts';

/** Echoes of 100 bytes per second on one connection, each a write of its own, by callbacks. */
export async function bareEchoRate(port: number, count: number, inFlight: number): Promise<number> {
  const socket = connect(port, host).setNoDelay(true);
  await once(socket, 'connect');
  const payload = new Uint8Array(100).fill(7);
  const startMs = performance.now();
  let sent = 0;
  let receivedBytes = 0;
  await new Promise<void>((resolve) => {
    socket.on('data', ({ length }) => {
      const before = Math.floor(receivedBytes / payload.length);
      receivedBytes += length;
      const echoes = Math.floor(receivedBytes / payload.length);
      for (let echo = before; echo < echoes && sent < count; echo++, sent++) socket.write(payload);
      if (echoes >= count) resolve();
    });
    for (; sent < inFlight; sent++) socket.write(payload);
  });
  const elapsedMs = performance.now() - startMs;
  socket.destroy();
  return (count / elapsedMs) * 1000;
}

/** MB/s one way, in writes of 64 KiB, until the other side has all. */
export async function bareBulkRate(port: number, bytes: number): Promise<number> {
  const socket = connect(port, host);
  await once(socket, 'connect');
  const chunk = new Uint8Array(65_536).fill(1);
  const startMs = performance.now();
  for (let sent = 0; sent < bytes; sent += chunk.length) if (!socket.write(chunk)) await once(socket, 'drain');
  socket.end();
  socket.resume();
  await once(socket, 'end');
  const elapsedMs = performance.now() - startMs;
  socket.destroy();
  return bytes / 1000 / elapsedMs;
}
