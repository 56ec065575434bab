import { defaultLanSettings } from '@simpledht/discovery-lan';
import { presets } from '@simpledht/membership';
import { defaultPortMapSettings } from '@simpledht/nat';
import { defaultSettings } from '@simpledht/storage';
import { defaultStunSettings, defaultTransportSettings } from '@simpledht/transport';
import { defaultTcpSettings } from '@simpledht/transport-tcp';
import { limits } from '@simpledht/wire';
import { memberDocs } from './doc-comments.ts';
import { packageFile, table } from './pages.ts';

const intro = `# Limits

Every bound of SimpleDHT, with its default. What is full has a named error or a counter; nothing grows without bound
because of what arrives from the network. This page is made from the sources by \`npm run docs\`.`;

const facade = `## The facade

| Name | Default | What it is |
| --- | --- | --- |
| \`maxValueBytes\` (option) | 1,048,576 | Largest encoded value of a local write; at most 16,777,216. |
| \`maxKeys\` (option) | 1,000,000 | Keys, deleted ones that are still remembered included, beyond which new ones are refused here. |
| \`maxStoreBytes\` (option) | 1,073,741,824 | Bytes of keys and values beyond which values are refused here. |
| \`tombstoneGraceMs\` (option) | 86,400,000 | How long a member that is away holds back the forgetting of deleted keys, ms. |
| \`forgetAfterMs\` (option) | 604,800,000 | How long a member that is dead or has left is remembered and (the dead) dialled, ms; 600,000 at the most if its data was in memory. |
| \`maxWatchers\` (option) | 10,000 | Watches at a time; beyond it \`watch\` throws \`ERR_LIMIT_REACHED\`. |
| changes that wait for one watch | 4,096 | And 16,777,216 bytes of them; beyond either its reader gets \`lagged\`. |
| changes of a resumed watch | 4,096 | Looked up one by one; beyond it the keys of its prefix are read. |
| operations of a \`batch\` | 32,768 | And 4,194,304 bytes of keys and values, 32 added for each; beyond either \`ERR_LIMIT_REACHED\`. |
| found nodes dialled at a time | 8 | Those that \`discovery\` tells of; one more is dropped, and told again later. |
| looking around | 3,000 | Ms that a node with \`discovery\` looks for others before it is ready on its own. |
| \`cluster\` (option) | none | Name of the cluster, at most 255 bytes. |
| attempts of an \`update\` | 16 | When the key is written here while an asynchronous function is asked; then \`ERR_VERSION_MISMATCH\`. |
| \`maxKeys\` of a namespace | none | Keys beyond which new ones are refused here, with \`ERR_MAP_FULL\`. |
| \`maxValueBytes\` of a namespace | the node's | Largest encoded value of a local write in it. |
| keys of one step of \`clear\` | 256 | Deleted at once; then others have their turn. |
| keys asked at once by \`getMany\` | 64 | Of a node whose first sync is running, and of a client. |
| \`timeout\` of a write | 5,000 | How long \`acks\` are waited for, ms. |
| turn of writers | 2 | Ms after which a loop of awaited writes lets timers and datagrams through. |
| unsent bytes of writers | 262,144 | Bytes not yet sent at which writers wait for the next turn. |
| asked peers of a miss | 3 | Members asked for a key while the first sync is running, for at most 1,000 ms. |`;

/** The page of every limit and default. */
export function limitsPage(): string {
  const link = memberDocs(packageFile('transport/src/link/settings.ts'), 'LinkSettings');
  const transport = memberDocs(packageFile('transport/src/endpoint/settings.ts'), 'TransportSettings');
  const sections = [
    intro,
    `## The protocol

The same on every node, because replicated data is judged by these alone (\`limits\` of \`@simpledht/wire\`).

${numbers(limits, memberDocs(packageFile('wire/src/limits.ts'), 'limits'))}`,
    `## The transport

\`settings\` of \`udpTransport\`: first those of every link, then those of the endpoint. Times in ms, sizes in bytes.

${numbers(defaultTransportSettings, new Map([...link, ...transport]))}`,
    `## The transport over TCP

\`settings\` of \`tcpTransport\` (\`@simpledht/transport-tcp\`). Times in ms, sizes in bytes.

${numbers(defaultTcpSettings, memberDocs(packageFile('transport-tcp/src/core/settings.ts'), 'TcpSettings'))}`,
    `## Discovery on a LAN

\`settings\` of \`lanDiscovery\` (\`@simpledht/discovery-lan\`). Times in ms, sizes in bytes.

${numbers(defaultLanSettings, memberDocs(packageFile('discovery-lan/src/core/settings.ts'), 'LanSettings'))}`,
    `## STUN, and port mapping

Of a transport whose servers are named (option \`stun\`). Times in ms.

${numbers(defaultStunSettings, memberDocs(packageFile('transport/src/stun/core/settings.ts'), 'StunSettings'))}

\`settings\` of \`mapPort\` (\`@simpledht/nat\`). Times in ms.

${numbers(defaultPortMapSettings, memberDocs(packageFile('nat/src/settings.ts'), 'PortMapSettings'))}`,
    `## Membership

The preset \`lan\`; \`local\` and \`wan\` stand beside it in \`packages/membership/src/settings.ts\`.

${numbers(presets.lan, memberDocs(packageFile('membership/src/settings.ts'), 'MembershipSettings'))}`,
    `## Storage

${numbers(defaultSettings, memberDocs(packageFile('storage/src/settings.ts'), 'ReplicaSettings'))}`,
    facade,
  ];
  return `${sections.join('\n\n')}\n`;
}

function numbers(values: object, docs: ReadonlyMap<string, string>): string {
  const rows = Object.entries(values).map(([name, value]) => [`\`${name}\``, show(value), docs.get(name) ?? '']);
  return table(['Name', 'Default', 'What it is'], rows);
}

function show(value: unknown): string {
  return typeof value === 'number' ? value.toLocaleString('en-US', { maximumFractionDigits: 3 }) : String(value);
}
