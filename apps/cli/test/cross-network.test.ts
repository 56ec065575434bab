import { describe, expect, test } from 'vitest';
import { createMachines, whyNoMachines } from './support/namespaces.ts';
import { processesOf } from './support/processes.ts';

const reason = whyNoMachines();
if (reason !== undefined) console.warn(`skipped: the cross-network session (${reason})`);

describe.skipIf(reason !== undefined)('two machines', () => {
  test("the original's cross-network session, word for word", async (context) => {
    const machines = createMachines();
    // What is registered first ends last: the processes before their machines.
    context.onTestFinished(() => {
      machines.remove();
    });
    const start = processesOf(context);
    const NODE1_IP = machines.ip(1);
    const NODE2_IP = machines.ip(2);
    const one = machines.at(1);
    const two = machines.at(2);

    const node1 = start(['start', '--host', '0.0.0.0', '--port', '5000'], one);
    await node1.line(/^Node started successfully on 0\.0\.0\.0:5000$/);
    const node2 = start(['start', '--host', '0.0.0.0', '--port', '5000', '--bootstrap', `${NODE1_IP}:5000`], two);
    await node2.line(/^Joined the network through /);
    await node2.line(/^In sync: /);

    const put = start(['put', '--host', NODE1_IP, '--port', '5000', 'test_key', 'test_value'], one);
    expect(await put.ended).toBe(0);
    expect(put.lines).toContain('Successfully stored test_key=test_value');
    expect(put.lines).toContain('Value has been replicated to all nodes in the network');

    const get = start(['get', '--host', NODE2_IP, '--port', '5000', 'test_key'], two);
    expect(await get.ended).toBe(0);
    expect(get.lines).toEqual(['Value for test_key: test_value']);

    const ids = await Promise.all([node1, node2].map((node) => node.line(/^Node ID: /)));
    expect(ids[0]).not.toBe(ids[1]);
    await node2.line(new RegExp(`^Public IP: ${NODE2_IP}$`));
    expect([...node1.lines, ...node2.lines].filter((line) => line.includes('Public IP: 0.0.0.0'))).toEqual([]);
  });
});
