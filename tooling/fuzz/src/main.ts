/* Fuzzes every decoder that sees foreign bytes: --help says how. */
import { Coverage } from './coverage.ts';

// Begun before the sources are loaded: V8 counts blocks only in code that it compiles afterwards.
const coverage = new Coverage();
const { run } = await import('./run.ts');
process.exitCode = await run(coverage);
