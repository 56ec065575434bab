import { createSocket, type Socket } from 'node:dgram';

/** Why multicast DNS does not work on loopback here; `undefined` when it does. */
export async function whyNoMulticast(): Promise<string | undefined> {
  const sockets: Socket[] = [];
  const open = (): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const socket = createSocket({ type: 'udp4', reuseAddr: true });
      sockets.push(socket);
      socket.once('error', reject);
      socket.bind({ port: 5353, address: '0.0.0.0', exclusive: true }, () => {
        socket.addMembership('224.0.0.251', '127.0.0.1');
        socket.setMulticastInterface('127.0.0.1');
        resolve(socket);
      });
    });
  try {
    const [from, to] = [await open(), await open()];
    const heard = new Promise<undefined>((resolve) =>
      to.once('message', () => {
        resolve(undefined);
      }),
    );
    // No packet of DNS: others on that port drop it.
    from.send('x', 5353, '224.0.0.251');
    const late = new Promise<string>((resolve) => setTimeout(resolve, 500, 'nothing is heard').unref());
    return await Promise.race([heard, late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    for (const socket of sockets) socket.close();
  }
}
