/**
 * What a core must not touch. A core is protocol logic as a function of (state, event, now): the same inputs always give
 * the same effects, which is what makes virtual time, simulation and replay by seed possible. `types: []` in the build
 * of these folders already removes Node.js from sight; these rules cover what the language itself carries, and say why.
 */
import { builtinModules } from 'node:module';

/** Folders whose every file is a core. */
export const cores = [
  'packages/wire/src/**',
  'packages/membership/src/**',
  'packages/storage/src/**',
  'packages/transport/src/link/**',
  'packages/transport/src/stun/core/**',
  'packages/transport-tcp/src/core/**',
  'packages/discovery-lan/src/core/**',
];

/** Compliance suites drive adapters, which may be asynchronous; everything else about purity holds for them too. */
export const mayBeAsync = ['packages/*/src/compliance/**'];

const time = 'A core takes the time as the argument `now`, so that virtual time can drive it.';
const timers =
  'A core names its next `deadline()` and the shell calls `handle({ type: "tick" }, now)`; it owns no timer.';
const randomness = 'A core takes its randomness as an argument, so that a run can be replayed from its seed.';
const effects = 'A core pushes effects that a shell performs; it does no IO of its own.';
const bytes = 'A core works on Uint8Array and has what it needs of the platform injected, so that it runs anywhere.';
const notices = 'A core never logs: it emits typed notices and keeps counters.';
const ambient = 'A core reaches nothing ambient; what it needs is an argument.';
const synchronous = 'A core is synchronous: it answers an event with effects at once, so nothing can interleave.';

const globals = {
  performance: time,
  setTimeout: timers,
  setInterval: timers,
  setImmediate: timers,
  clearTimeout: timers,
  clearInterval: timers,
  clearImmediate: timers,
  queueMicrotask: timers,
  crypto: randomness,
  fetch: effects,
  process: ambient,
  globalThis: ambient,
  global: ambient,
  Buffer: bytes,
  TextEncoder: bytes,
  TextDecoder: bytes,
  console: notices,
};

/** Date as a value (`instanceof Date`, `Date.prototype`, `new Date(milliseconds)`, a type) is pure; Date as a clock is not. */
const pureDate = [
  'BinaryExpression[operator="instanceof"] > Identifier.right',
  'NewExpression[arguments.length>0] > Identifier.callee',
  'TSTypeReference > Identifier',
  'MemberExpression[property.name="prototype"] > Identifier.object',
  'MemberExpression > Identifier.property',
  ':matches(Property, TSPropertySignature) > Identifier.key',
].join(', ');

const asyncSyntax = [
  ':matches(FunctionDeclaration, FunctionExpression, ArrowFunctionExpression)[async=true]',
  'AwaitExpression',
  'ForOfStatement[await=true]',
  'ImportExpression',
];

const clockSyntax = [{ selector: `Identifier[name="Date"]:not(${pureDate})`, message: time }];

export const impureImports = {
  regex: `^(node:.*|(${builtinModules.join('|')})(/.*)?)$`,
  message: `${effects} Node.js modules belong to the shells (packages/node, the adapters of packages/transport).`,
};

export const purityRules = {
  'no-restricted-globals': ['error', ...Object.entries(globals).map(([name, message]) => ({ name, message }))],
  'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: randomness }],
  'no-restricted-syntax': [
    'error',
    ...clockSyntax,
    ...asyncSyntax.map((selector) => ({ selector, message: synchronous })),
  ],
};

export const asyncPurityRules = { 'no-restricted-syntax': ['error', ...clockSyntax] };
