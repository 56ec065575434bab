import { Worker } from 'node:worker_threads';

/** Longest wait for all answers, ms; connecting to a local socket takes none. */
const patienceMs = 5_000;

const unknown = 0;
const refused = 2;

/** Calls each socket and writes down what came of it. In plain CommonJS, for it runs from a string. */
const program = `
const { workerData: { paths, results, unknown, answered, refused } } = require('node:worker_threads');
paths.forEach((path, index) => {
  const socket = require('node:net').connect(path);
  const tell = (result) => {
    if (Atomics.compareExchange(results, index, unknown, result) !== unknown) return;
    Atomics.add(results, paths.length, 1);
    Atomics.notify(results, paths.length);
    socket.destroy();
  };
  socket.on('connect', () => tell(answered));
  socket.on('error', ({ code }) => tell(code === 'ECONNREFUSED' || code === 'ENOENT' ? refused : answered));
});
`;

/**
 * Whether somebody listens at each path. What is not known in time counts as answered. Synchronous, because opening a
 * store is: Node.js connects asynchronously, so another thread does it while this one waits. Needed only when there are
 * sockets of others, that is after a crash or when the store is really in use.
 */
export function whichAnswer(paths: readonly string[]): readonly boolean[] {
  const results = new Int32Array(new SharedArrayBuffer((paths.length + 1) * 4));
  const worker = new Worker(program, {
    eval: true,
    // Not the loaders of this process: plain Node.js is all that it needs.
    execArgv: [],
    workerData: { paths, results, unknown, answered: 1, refused },
  });
  worker.unref();
  const endMs = performance.now() + patienceMs;
  for (let known = 0; known < paths.length; known = Atomics.load(results, paths.length)) {
    const leftMs = endMs - performance.now();
    if (leftMs <= 0) break;
    Atomics.wait(results, paths.length, known, leftMs);
  }
  return paths.map((_, index) => Atomics.load(results, index) !== refused);
}
