export { lanDiscovery } from './lan-discovery.ts';
export type { LanDiscoveryOptions } from './lan-discovery.ts';
export { defaultLanSettings } from './core/settings.ts';
export type { LanSettings } from './core/settings.ts';
