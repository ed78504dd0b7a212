import { CircuitOpenError } from "./errors.js";
import type { Outcome } from "./states.js";

/** How a call ended: with a value, or with an error. */
export type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** Says what the end of a call means; `undefined` leaves it to the rule that a value is a success and an error a failure. */
export type Classify<T> = (settled: Settled<T>) => Outcome | undefined;

/** How a call through a breaker is made. */
export interface ExecuteOptions<T = unknown, F = never> {
  /** Ends the call with the signal's reason when it aborts; such a call counts as nothing. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the call after so many milliseconds with a `TimeoutError`, which is a failure. */
  readonly timeoutMs?: number | undefined;
  /** What to give, or a function that gives it, where the circuit refuses or the call fails; not where it was aborted. */
  readonly fallback?: F | ((error: unknown) => F | PromiseLike<F>) | undefined;
  /** What the end of a call means. A rejection that is an `AbortError` is ignored, unless this says otherwise. */
  readonly classify?: Classify<T> | undefined;
}

/** Calls `operation`, which may be ended from outside, with a signal that tells it so. */
export function callWithin<T>(
  operation: (signal: AbortSignal) => T | PromiseLike<T>,
  outer: AbortSignal | undefined,
  timeoutMs: number | undefined,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const inner = new AbortController();
    const end = (reason: unknown) => {
      done();
      reject(reason);
      inner.abort(reason);
    };
    const onAbort = () => end(outer!.reason);
    outer?.addEventListener("abort", onAbort, { once: true });
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => end(new DOMException(`not done within ${timeoutMs} ms`, "TimeoutError")), timeoutMs);
    const done = () => {
      clearTimeout(timer);
      outer?.removeEventListener("abort", onAbort);
    };
    // After the listeners, so that an operation which aborts or throws at once is ended like any other.
    const called = new Promise<T>((start) => start(operation(inner.signal)));
    called.then(resolve, reject).finally(done);
  });
}

/** What the end of a call counts as. */
export function outcomeOf<T>(settled: Settled<T>, options: ExecuteOptions<T, unknown> | undefined): Outcome {
  // Whatever else is said: the caller has gone away, and the operation did not fail.
  if (options?.signal?.aborted && !settled.ok) return "ignored";
  const said = options?.classify?.(settled);
  if (said !== undefined) return said;
  if (settled.ok) return "success";
  return isAbort(settled.error) ? "ignored" : "failure";
}

/** What is given in the place of `error`; rethrows it where nothing is. */
export function fallBack<F>(error: unknown, options: ExecuteOptions<never, F> | undefined): F | PromiseLike<F> {
  const aborted = options?.signal?.aborted === true && !(error instanceof CircuitOpenError);
  if (aborted || options === undefined || !("fallback" in options)) throw error;
  const { fallback } = options;
  return typeof fallback === "function" ? (fallback as (error: unknown) => F | PromiseLike<F>)(error) : (fallback as F);
}

function isAbort(error: unknown): boolean {
  return typeof error === "object" && error !== null && (error as { name?: unknown }).name === "AbortError";
}
