export { mapPort, PortMap } from './port-map.ts';
export type { PortMapEvent, PortMapOptions } from './port-map.ts';
export type { Mapping, MappingRequest, PortMapper } from './mapper.ts';
export { routerMapper } from './router-mapper.ts';
export { defaultPortMapSettings } from './settings.ts';
export type { PortMapSettings } from './settings.ts';
