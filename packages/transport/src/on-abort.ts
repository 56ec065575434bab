interface Watched {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

/** One listener on each signal, however many calls share it: Node.js takes more than ten for a leak, and tells the user so. */
const signals = new WeakMap<AbortSignal, Watched>();

/** Calls `callback` when a signal aborts that has not yet. What it gives takes the callback back. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const watched = signals.get(signal) ?? watch(signal);
  // Two calls may bring the same function.
  const own = (): void => {
    callback();
  };
  watched.callbacks.add(own);
  return () => {
    if (!watched.callbacks.delete(own) || watched.callbacks.size > 0) return;
    signal.removeEventListener('abort', watched.listener);
    signals.delete(signal);
  };
}

function watch(signal: AbortSignal): Watched {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    signals.delete(signal);
    for (const callback of callbacks) callback();
  };
  const watched = { callbacks, listener };
  signals.set(signal, watched);
  signal.addEventListener('abort', listener, { once: true });
  return watched;
}
