import { createSocket, type Socket } from 'node:dgram';
import { serve } from '@simpledht/processes';

/* The limit: node:dgram alone, a datagram there and back. */

type Lookup = (
  host: string,
  options: unknown,
  callback: (error: null, address: string, family: number) => void,
) => void;
const lookup: Lookup = (host, _options, callback) => {
  callback(null, host, 4);
};

function bind(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', lookup });
  return new Promise((resolve) => {
    socket.bind(0, '127.0.0.1', () => {
      socket.setRecvBufferSize(4 * 1024 * 1024);
      resolve(socket);
    });
  });
}

serve({
  async listen() {
    const socket = await bind();
    socket.on('message', (data, { port }) => {
      socket.send(data, port, '127.0.0.1');
    });
    return socket.address().port;
  },
  /** Round trips of `bytes` bytes with `inFlight` on their way: p50 in µs and rate per second. */
  async run(port: number, count: number, inFlight: number, bytes: number) {
    const socket = await bind();
    const times: number[] = [];
    const begun = new Float64Array(count);
    const payload = (index: number): Buffer => {
      const data = Buffer.alloc(bytes);
      data.writeUInt32LE(index);
      return data;
    };
    let sent = 0;
    let done = 0;
    const start = performance.now();
    return new Promise((resolve) => {
      const finish = (): void => {
        socket.close();
        times.sort((a, b) => a - b);
        resolve({
          p50us: (times[times.length >> 1] ?? 0) * 1000,
          perSecond: done / ((performance.now() - start) / 1000),
        });
      };
      const next = (): void => {
        const index = sent++;
        begun[index] = performance.now();
        socket.send(payload(index), port, '127.0.0.1');
      };
      socket.on('message', (data) => {
        times.push(performance.now() - (begun[data.readUInt32LE()] ?? 0));
        if (++done === count) finish();
        else if (sent < count) next();
      });
      for (let i = 0; i < inFlight; i++) next();
      // A datagram that was lost would never come back: what has come by then is the result.
      setTimeout(() => {
        if (done < count) finish();
      }, 20_000).unref();
    });
  },
});
