/** What the command tells the shell that called it. Part of the public interface: added to, never renumbered. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  keyNotFound: 3,
  noResponse: 4,
  notAuthorised: 5,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** For `--help`. */
export const exitCodeHelp = `Exit codes:
  0  done
  1  failed
  2  usage: an option, a key or a value is wrong
  3  key not found
  4  no response from the node
  5  not authorised (reserved)`;
