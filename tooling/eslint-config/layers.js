/**
 * The one direction of imports: apps → node → { membership, storage, transport } → wire.
 *
 * Each entry names a folder, the workspace packages that its files may import besides their own, and the reason that a
 * violation prints. `only` narrows an allowance to some files of the folder. A folder that is missing here fails the
 * test of this package, so a new one has to say where it stands.
 */
const core = 'The three cores never import each other, so that each can be tested, swapped and simulated alone';

export const layers = [
  {
    folder: 'packages/wire',
    mayImport: [],
    reason: 'wire is the lowest layer: bytes and messages know nothing about who sends or keeps them.',
  },
  {
    folder: 'packages/transport',
    mayImport: ['wire'],
    reason: `${core}; @simpledht/node joins them.`,
    // Its benchmark of networks makes some.
    only: [{ files: ['bench/**'], mayImport: ['wire', 'namespaces', 'script-options'] }],
  },
  {
    folder: 'packages/membership',
    mayImport: ['wire'],
    reason: `${core}; @simpledht/node joins them.`,
    // Its large simulation is a script.
    only: [{ files: ['test/large/main'], mayImport: ['wire', 'script-options'] }],
  },
  {
    folder: 'packages/storage',
    mayImport: ['wire'],
    reason: `${core}; @simpledht/node joins them.`,
    // Its rules are broken one at a time by a tool; its simulation is a script.
    only: [
      { files: ['test/mutations.test', 'test/mutations/**'], mayImport: ['wire', 'mutations', 'script-options'] },
      { files: ['test/simulation/main'], mayImport: ['wire', 'script-options'] },
    ],
  },
  {
    folder: 'packages/storage-lmdb',
    mayImport: ['wire', 'storage'],
    reason: 'storage-lmdb is an adapter of the Store port with a native dependency; the facade does not know it.',
    // Its tests restore whole nodes, its benchmark measures through one; its durability in numbers is a script.
    only: [
      { files: ['test/**', 'bench/**'], mayImport: ['wire', 'storage', 'node', 'transport'] },
      { files: ['test/durability/main'], mayImport: ['wire', 'storage', 'script-options'] },
    ],
  },
  {
    folder: 'packages/transport-tcp',
    mayImport: ['wire', 'transport'],
    reason: 'transport-tcp is an adapter of the Transport port; the facade does not know it.',
    // Its tests run whole nodes over it.
    only: [{ files: ['test/**'], mayImport: ['wire', 'transport', 'node'] }],
  },
  {
    folder: 'packages/discovery-lan',
    mayImport: ['wire', 'transport'],
    reason:
      'discovery-lan is an adapter of the Discovery port with a dependency of its own; the facade does not know it.',
    // Its tests run whole nodes with it.
    only: [{ files: ['test/**'], mayImport: ['wire', 'transport', 'node'] }],
  },
  {
    folder: 'packages/nat',
    mayImport: ['transport'],
    reason:
      'nat speaks with routers, not with nodes: it has the clock and the logger of transport; the facade does not know it.',
    // Its tests make a network with a router.
    only: [{ files: ['test/**'], mayImport: ['transport', 'namespaces'] }],
  },
  {
    folder: 'packages/node',
    mayImport: ['wire', 'transport', 'membership', 'storage'],
    reason: 'node is the layer that joins the cores; nothing imports apps, and tools stay outside what is published.',
  },
  {
    folder: 'apps/cli',
    mayImport: ['node', 'storage-lmdb', 'transport-tcp', 'discovery-lan', 'nat'],
    reason:
      'An app uses the product as its users do, through @simpledht/node and the adapters that --data, --transport, --discover and --map-port name; what is missing belongs there.',
    // Its tests make networks; many idle nodes are a script.
    only: [
      {
        files: ['test/**'],
        mayImport: ['node', 'storage-lmdb', 'transport-tcp', 'discovery-lan', 'nat', 'namespaces'],
      },
      { files: ['test/stability/main'], mayImport: ['node', 'script-options'] },
    ],
  },
  {
    folder: 'apps/examples',
    mayImport: ['node'],
    reason: 'An example shows what a user writes: @simpledht/node, and a port only where the example swaps a layer.',
    only: [
      { files: ['own-store*', 'own-store*/**'], mayImport: ['node', 'storage'] },
      { files: ['own-transport*', 'own-transport*/**'], mayImport: ['node', 'transport', 'transport-tcp'] },
    ],
  },
];
