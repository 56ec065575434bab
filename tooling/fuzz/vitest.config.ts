export { default } from '../vitest/virtual.ts';
