export { Child } from './child.ts';
export type { Prefix } from './child.ts';
export { say, serve } from './serve.ts';
