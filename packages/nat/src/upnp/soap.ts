import type { Service } from './description.ts';
import { exchange } from './http.ts';
import { elementsIn, parseXml, textIn, type XmlElement } from './xml.ts';

/** In the order of the action's definition: some routers go by that and not by the names. */
export type Fields = readonly (readonly [name: string, value: string | number])[];

/** UPnP Device Architecture §3.2.2, WANIPConnection:1 §2.4 and WANIPConnection:2 §2.5. */
export const refusals = {
  invalidAction: 401,
  invalidArgs: 402,
  actionFailed: 501,
  notImplemented: 602,
  notAuthorized: 606,
  noSuchEntry: 714,
  conflictInMapping: 718,
  samePortValuesRequired: 724,
  onlyPermanentLeases: 725,
  noPortMapsAvailable: 728,
  conflictWithOtherMechanisms: 729,
} as const;

const words: Readonly<Record<number, string>> = {
  [refusals.invalidAction]: 'it does not know how',
  [refusals.invalidArgs]: 'it does not take the arguments',
  [refusals.actionFailed]: 'it failed',
  [refusals.notImplemented]: 'it does not know how',
  [refusals.notAuthorized]: 'it is not allowed to',
  [refusals.conflictInMapping]: 'another machine has the port',
  [refusals.samePortValuesRequired]: 'it gives only the port that is asked for',
  [refusals.noPortMapsAvailable]: 'it has no room for more',
  [refusals.conflictWithOtherMechanisms]: 'something else has the port',
};

/** The router answered, and said no. What it says in words is a stranger's text, and not told. */
export class Refusal extends Error {
  readonly code: number;

  constructor(action: string, code: number) {
    super(`it refuses ${action}: ${words[code] ?? 'error'} (${String(code)})`);
    this.name = 'Refusal';
    this.code = code;
  }
}

export interface Action {
  readonly name: string;
  readonly fields?: Fields;
}

/** Has the router do something (UPnP Device Architecture §3.2.1). Rejects with a `Refusal` when it does not. */
export async function call(service: Service, action: Action, signal: AbortSignal): Promise<XmlElement> {
  const { status, text } = await exchange(service.control, signal, {
    headers: { 'Content-Type': 'text/xml; charset="utf-8"', SOAPAction: `"${service.type}#${action.name}"` },
    text: envelope(service.type, action),
  });
  const answer = parseXml(text);
  for (const fault of elementsIn(answer, 'UPnPError'))
    throw new Refusal(action.name, Number(textIn(fault, 'errorCode') ?? 0));
  if (status !== 200) throw new Error(`it answers ${action.name} with status ${String(status)}`);
  return answer;
}

function envelope(type: string, { name, fields = [] }: Action): string {
  const body = fields.map(([field, value]) => `<${field}>${String(value)}</${field}>`).join('');
  return [
    '<?xml version="1.0"?>\r\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"',
    ' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">',
    `<s:Body><u:${name} xmlns:u="${type}">${body}</u:${name}></s:Body></s:Envelope>\r\n`,
  ].join('');
}
