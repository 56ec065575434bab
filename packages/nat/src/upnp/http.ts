import { request, type IncomingMessage } from 'node:http';

/** Longest answer that is read; real descriptions have 2 to 20 KiB. */
const maxAnswerBytes = 65_536;

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

export interface HttpBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * One request, a POST when it has a body. Not by `fetch`: that follows redirects unless told otherwise, keeps connections that old
 * routers cut, and writes the names of headers in lower case, which some of them do not know. The lenient parser takes lines that
 * end without CR and the like; what it is called insecure for needs a connection that carries the answers of others too.
 */
export function exchange(url: URL, signal: AbortSignal, body?: HttpBody): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      reject(signal.reason instanceof Error ? signal.reason : error);
    };
    const method = body === undefined ? 'GET' : 'POST';
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body.text) };
    const headers = { ...body?.headers, ...length };
    const outgoing = request(url, { method, headers, signal, agent: false, insecureHTTPParser: true });
    outgoing.on('error', fail).on('response', (incoming) => {
      read(incoming).then(resolve, fail);
    });
    outgoing.end(body?.text);
  });
}

async function read(incoming: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    // Leaving the loop ends the connection.
    if (bytes > maxAnswerBytes) throw new Error('its answer is too long');
    chunks.push(chunk);
  }
  return { status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
}
