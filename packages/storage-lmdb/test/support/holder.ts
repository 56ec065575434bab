import { lmdbStore } from '../../src/index.ts';

// Opens the store named on the command line and keeps it until it is killed.
lmdbStore({ path: process.argv[2] ?? '' });
process.stdout.write('open\n');
setInterval(() => undefined, 60_000);
