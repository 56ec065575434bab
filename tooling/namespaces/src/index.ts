export { build, Namespaces, whyNot } from './namespaces.ts';
export type { End, Prefix } from './namespaces.ts';
