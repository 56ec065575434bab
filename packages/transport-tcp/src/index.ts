export { tcpTransport } from './tcp-transport.ts';
export type { TcpTransportOptions } from './tcp-transport.ts';
export type { TcpTlsOptions } from './shell/tls.ts';
export { defaultTcpSettings } from './core/settings.ts';
export type { TcpSettings } from './core/settings.ts';
