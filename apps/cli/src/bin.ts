#!/usr/bin/env node
import { Output } from './output.ts';
import { run } from './program.ts';

process.exitCode = await run(process.argv.slice(2), new Output(process.stdout, process.stderr));

// Everything is written and closed by now. Left to itself Node.js takes itself apart first, and its signal handlers with
// it: a Ctrl+C that npm passes on in that moment would turn exit code 0 into 130.
process.once('beforeExit', process.exit.bind(process));
