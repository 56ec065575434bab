/** What is used of multicast-dns, which has no types of its own. What it has decoded is not trusted: `unknown`. */
declare module 'multicast-dns' {
  function multicastDns(options: multicastDns.Options): multicastDns.MulticastDns;

  namespace multicastDns {
    interface MulticastDns {
      on(event: 'ready', listener: () => void): this;
      on(event: 'error' | 'warning', listener: (error: Error) => void): this;
      on(event: 'query' | 'response', listener: (packet: unknown) => void): this;
      query(packet: object, sent: (error?: unknown) => void): void;
      respond(packet: object, sent: (error?: unknown) => void): void;
      destroy(closed: () => void): void;
    }

    interface Options {
      readonly port: number;
      readonly type: 'udp4' | 'udp6';
      readonly ip: string;
      readonly interface: string;
      readonly bind: string;
      /** False: who has made the socket joins the group. */
      readonly multicast: false;
      readonly socket: object;
    }
  }

  export = multicastDns;
}
