export { ByteReader } from './byte-reader.ts';
export { ByteWriter, varintBytes } from './byte-writer.ts';
export * from './frames.ts';
export { readFrames, unknownFrameText } from './read-frames.ts';
export * from './handshake.ts';
export * from './header.ts';
export type { Sealer } from './sealer.ts';
