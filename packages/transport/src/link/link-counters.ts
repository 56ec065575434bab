/** What all links of a transport did, added up. */
export interface LinkCounters {
  packetsLost: number;
  probes: number;
  /** Best-effort payloads dropped because a link's queue was full or a packet too small. */
  payloadsDropped: number;
  /** Requests and replies repeated by the peer after they had been taken. */
  messagesRepeated: number;
  /** Replies to requests that nobody waits for any more. */
  repliesUnwanted: number;
}

export function newLinkCounters(): LinkCounters {
  return { packetsLost: 0, probes: 0, payloadsDropped: 0, messagesRepeated: 0, repliesUnwanted: 0 };
}
