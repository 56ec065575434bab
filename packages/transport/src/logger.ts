/** The Logger port: pino's method shape, so that a pino logger (or `console`-like object) fits as it is. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const nothing = (): void => undefined;

/** The default: a library does not print. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
