import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, type TestContext } from 'vitest';
import { simpledht } from './support/in-process.ts';
import { processesOf, startNode } from './support/processes.ts';

const tcp = ['--transport', 'tcp'] as const;
const certificates = new URL('../../../packages/transport-tcp/test/certificates/', import.meta.url);

/** A directory for `--tls`, with the certificate of `owner`. */
async function tlsOf({ onTestFinished }: Pick<TestContext, 'onTestFinished'>, owner: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'simpledht-tls-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const files = { 'ca.crt': 'ca.crt', 'node.crt': `${owner}.crt`, 'node.key': `${owner}.key` };
  for (const [to, from] of Object.entries(files))
    await copyFile(fileURLToPath(new URL(from, certificates)), join(directory, to));
  return directory;
}

describe.concurrent('--transport tcp', { timeout: 40_000 }, () => {
  test('two nodes, and calls to them; a call over UDP finds nobody and says why that may be', async (context) => {
    const start = processesOf(context);
    const first = await startNode(start, ...tcp);
    const second = await startNode(start, ...tcp, '--bootstrap', first.address);
    const put = await simpledht('put', ...tcp, '--port', String(first.port), 'k', 'value', '--acks', 'all');
    expect(put.stdout).toContain('Value has been replicated to all nodes in the network');
    const got = await simpledht('get', ...tcp, '--host', 'localhost', '--port', String(second.port), 'k');
    expect(got.stdout).toBe('Value for k: value\n');
    const lost = await simpledht('get', '--port', String(second.port), 'k', '--timeout', '0.3');
    expect(lost.exitCode).toBe(4);
    expect(lost.stderr).toContain('Where UDP is blocked, run all nodes and calls with --transport tcp');
    first.signal('SIGTERM');
    expect(await first.ended).toBe(0);
    await second.event('peer-left');
  });

  test('the transport may come from the environment; the hints name it; a port in use is told', async (context) => {
    const start = processesOf(context);
    const first = await startNode(start, ...tcp);
    const node = start(['start', '--host', '127.0.0.1', '--port', '0'], ['env', 'SIMPLEDHT_TRANSPORT=tcp']);
    await node.line(/^ {2}simpledht get --port \d+ --transport tcp greeting$/);
    const other = start(['start', '--host', '127.0.0.1', '--port', String(first.port), ...tcp]);
    await other.line(/^Another process uses TCP port \d+; this shows which: ss -tlpn/);
    expect(await other.ended).toBe(1);
  });

  test('with certificates: whoever has one of the authority, and nobody else', async (context) => {
    const start = processesOf(context);
    const tls = await tlsOf(context, 'node');
    const node = await startNode(start, ...tcp, '--tls', tls);
    const call = ['info', ...tcp, '--port', String(node.port)] as const;
    expect((await simpledht(...call, '--tls', tls)).stdout).toMatch(/^Protocol +version 1, encrypted$/m);
    const stranger = await simpledht(...call, '--tls', await tlsOf(context, 'stranger'));
    expect(stranger.exitCode).toBe(4);
    expect((await simpledht(...call)).exitCode).toBe(4);
  });

  test('a bootstrap node that is not there over TCP', async (context) => {
    const start = processesOf(context);
    // Nothing listens at port 1 of loopback.
    const node = start(['start', '--host', '127.0.0.1', '--port', '0', '--bootstrap', '127.0.0.1:1', ...tcp]);
    await node.line(/^Connection attempt 1\/3 failed \(.*connection refused\), retrying/);
    await node.line(/^No answer over TCP from 127\.0\.0\.1:1: is a node running there, and reachable\?/);
  });
});

test.each([
  [['--transport', 'smoke'], 'Allowed choices are udp, tcp'],
  [['--tls', '/nowhere'], '--tls needs --transport tcp'],
  [['--transport', 'tcp', '--tls', '/nowhere'], '--tls /nowhere: ca.crt cannot be read'],
])('%j is a wrong call', async (options, message) => {
  const outcome = await simpledht('get', 'k', ...options);
  expect([outcome.exitCode, outcome.stderr]).toEqual([2, expect.stringContaining(message)]);
});

test('a secret is not silently ignored over TCP', async (context) => {
  const file = join(await tlsOf(context, 'node'), 'cluster.key');
  expect((await simpledht('keygen', '--out', file)).exitCode).toBe(0);
  const outcome = await simpledht('get', 'k', ...tcp, '--secret-file', file);
  expect([outcome.exitCode, outcome.stderr]).toEqual([2, expect.stringContaining('A secret is for UDP')]);
});
