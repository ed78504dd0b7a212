import { LONGEST_MS } from "./execute.js";

/** Waits for `ms` milliseconds, or rejects with the signal's reason as soon as it aborts; leaves neither a timer nor a listener. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** The system's timer. */
export const systemSleep: Sleep = (ms, signal) =>
  new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    const onAbort = () => end(() => reject(signal.reason));
    const timer = setTimeout(() => end(resolve), Math.min(ms, LONGEST_MS));
    signal.addEventListener("abort", onAbort);
  });

/** What can end a wait early. */
export interface Early {
  /** Its abort rejects with its reason, at once, whatever `sleep` does. */
  readonly signal: AbortSignal | undefined;
  /** Is given a function that ends the wait well; gives one that takes it back. */
  readonly listen?: ((wake: () => void) => () => void) | undefined;
}

/** Sleeps, unless something ends it early; either way the sleep is told to end, and nothing is left listening. */
export function waitFor(ms: number, sleep: Sleep, { signal, listen }: Early): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const inner = new AbortController();
    const end = (settle: () => void) => {
      leave?.();
      signal?.removeEventListener("abort", onAbort);
      settle();
      inner.abort();
    };
    const onAbort = () => end(() => reject(signal!.reason));
    signal?.addEventListener("abort", onAbort);
    const leave = listen?.(() => end(resolve));
    new Promise<void>((start) => start(sleep(ms, inner.signal))).then(
      () => end(resolve),
      (error: unknown) => end(() => reject(error)),
    );
  });
}
