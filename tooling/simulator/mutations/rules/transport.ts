import type { BrokenInClusters } from './broken-in-clusters.ts';

/** Of packets, links and messages. */
export const ofTransport: readonly BrokenInClusters[] = [
  {
    rule: 'a repeated request is executed again',
    file: 'transport/src/link/link.ts',
    search: 'if (this.#receivedRequests.isFinished(requestId)) {',
    replacement: 'if (requestId < 0) {',
  },
  {
    rule: 'a repeated packet is taken again',
    file: 'transport/src/link/link.ts',
    search: "if (this.#acknowledger.isRepeated(packetNumber)) return 'repeated';",
    replacement: '',
  },
  {
    rule: 'a repeated packet is taken again, and so is the request in it',
    file: 'transport/src/link/link.ts',
    search: "if (this.#acknowledger.isRepeated(packetNumber)) return 'repeated';",
    replacement: '',
    also: [
      {
        file: 'transport/src/link/link.ts',
        search: 'if (this.#receivedRequests.isFinished(requestId)) {',
        replacement: 'if (requestId < 0) {',
      },
    ],
    quick: true,
  },
  {
    rule: 'what is lost is not sent again',
    file: 'transport/src/link/send-queue.ts',
    search: 'if (piece.acknowledged || piece.queued) return false;',
    replacement: 'if (piece.acknowledged || !piece.queued) return false;',
  },
  {
    rule: 'what is damaged is taken',
    file: 'transport/src/plain-sealer.ts',
    search: 'packet[end] === sum >>> 24 &&',
    replacement: 'sum >= 0 ||',
  },
  {
    rule: 'a message is handed over before all of it has come',
    file: 'transport/src/link/reassembly.ts',
    search: "if (partial.receivedBytes < partial.totalBytes) return 'partial';",
    replacement: "if (partial.receivedBytes * 2 < partial.totalBytes) return 'partial';",
  },
  {
    rule: 'a part that comes again counts again',
    file: 'transport/src/link/message-parts.ts',
    search: 'if (this.#parts[place]?.offset === offset) return false;',
    replacement: '',
  },
  {
    rule: 'what did not come is acknowledged',
    file: 'transport/src/link/acknowledger.ts',
    search: 'return this.#received.ranges;',
    replacement: 'return this.#received.ranges.map(({ last }) => ({ first: 0, last })).slice(0, 1);',
  },
  {
    rule: 'a request waits for its reply for ever',
    file: 'transport/src/pending-requests.ts',
    search: 'for (const request of this.#queue.takeDue(nowMs)) {\n      if (request.done) continue;',
    replacement: 'for (const request of this.#queue.takeDue(nowMs)) {\n      if (nowMs >= 0) continue;',
  },
  {
    rule: 'wire: an expiry is lost on the way',
    file: 'wire/src/records/batch-reader.ts',
    search: 'const expiresAt = flags & recordFlags.expires ? reader.varint() : 0;',
    replacement: 'const expiresAt = 0 * (flags & recordFlags.expires ? reader.varint() : 0);',
  },
];
