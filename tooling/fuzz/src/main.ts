/**
 * Fuzzes every decoder that sees foreign bytes: `npm run fuzz -- [--seconds 60] [--target a,b] [--seed N] [--file F]`.
 */
import { Coverage } from './coverage.ts';

// Begun before the sources are loaded: V8 counts blocks only in code that it compiles afterwards.
const coverage = new Coverage();
const { run } = await import('./run.ts');
process.exitCode = run(coverage, process.argv.slice(2));
