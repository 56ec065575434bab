import { presets } from '@simpledht/membership';
import { defaultSettings } from '@simpledht/storage';
import { defaultTransportSettings } from '@simpledht/transport';
import { limits } from '@simpledht/wire';
import { memberDocs } from './doc-comments.ts';
import { packageFile, table } from './pages.ts';

const intro = `# Limits

Every bound of SimpleDHT, with its default. What is full has a named error or a counter; nothing grows without bound
because of what arrives from the network. This page is made from the sources by \`pnpm docs\`.`;

const facade = `## The facade

| Name | Default | What it is |
| --- | --- | --- |
| \`maxValueBytes\` (option) | 1,048,576 | Largest encoded value of a local write; at most 16,777,216. |
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
