export { commandOf, helpOf } from './help.ts';
export { main } from './main.ts';
export { flag, hidden, number, numbers, text, word, words, type Option } from './option.ts';
export { parse, UsageError, type Usage, type Values } from './usage.ts';
