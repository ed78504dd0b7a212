import type { Permit } from "./permit.js";
import type { Outcome } from "./states.js";

/** How a call ended: with a value, or with an error. */
export type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** Says what the end of a call means; `undefined` leaves it to the rule that a value is a success and an error a failure. */
export type Classify<T> = (settled: Settled<T>) => Outcome | undefined;

/**
 * How a call through a breaker is made.
 *
 * An abort says nothing about the operation, for it is the caller who went away: it is ignored. A timeout does, and is a failure:
 * by `timeoutMs`, and as well by a signal that `AbortSignal.timeout` made, alone or within `AbortSignal.any`. The two are told
 * apart by the name of the signal's reason, which is `TimeoutError` for a timeout.
 */
export interface ExecuteOptions<T = unknown, F = never> {
  /**
   * Ends the call with the signal's reason when it aborts. Where that is a timeout, it is a failure; else the call counts as
   * nothing, `classify` is not asked, and no `fallback` is given. One that has aborted before the call ends it uncalled and
   * uncounted, whatever its reason is.
   */
  readonly signal?: AbortSignal | undefined;
  /** Ends the call after so many milliseconds, 0 or more, with a `TimeoutError`, which is a failure; by default nothing does. */
  readonly timeoutMs?: number | undefined;
  /** What to give, or a function that gives it, where the circuit refuses or the call fails; not where the caller aborted it. */
  readonly fallback?: F | ((error: unknown) => F | PromiseLike<F>) | undefined;
  /**
   * What the end of a call means. A rejection that is an `AbortError` is ignored, unless this says otherwise. An error of its
   * own is thrown, and then the call counts as a failure.
   */
  readonly classify?: Classify<T> | undefined;
}

/** The longest that a timer can be set for, in milliseconds: a longer one would go off at once. */
export const LONGEST_MS = 2 ** 31 - 1;

/** Makes the call of a request that was let through, and hands in its outcome. */
export async function callThrough<T, F>(
  permit: Permit,
  operation: (signal: AbortSignal) => T | PromiseLike<T>,
  options: ExecuteOptions<T, F>,
): Promise<T | F> {
  const { signal, timeoutMs } = options;
  let settled: Settled<T>;
  try {
    const called =
      signal === undefined && timeoutMs === undefined
        ? (operation as () => T | PromiseLike<T>)()
        : callWithin(operation, signal, timeoutMs);
    settled = { ok: true, value: await called };
  } catch (error) {
    settled = { ok: false, error };
  }
  let outcome: Outcome = "failure";
  try {
    outcome = outcomeOf(settled, options);
  } finally {
    // Also where `classify` throws: a probe must not keep its place.
    permit.settle(outcome);
  }
  if (settled.ok) return settled.value;
  if (isLeft(settled, options)) throw settled.error;
  return fallBack(settled.error, options);
}

/** Calls `operation`, which may be ended from outside, with a signal that tells it so. */
export function callWithin<T>(
  operation: (signal: AbortSignal) => T | PromiseLike<T>,
  outer: AbortSignal | undefined,
  timeoutMs = Infinity,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    // Who was told of the admission may have aborted it.
    outer?.throwIfAborted();
    const inner = new AbortController();
    const end = (reason: unknown) => {
      done();
      reject(reason);
      inner.abort(reason);
    };
    const onAbort = () => end(outer!.reason);
    outer?.addEventListener("abort", onAbort);
    const timer =
      timeoutMs > LONGEST_MS
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
export function outcomeOf<T>(settled: Settled<T>, options: ExecuteOptions<T, unknown>): Outcome {
  if (isLeft(settled, options)) return "ignored";
  const said = options.classify?.(settled);
  if (said !== undefined) return said;
  if (settled.ok) return "success";
  // Some clients reject with an `AbortError` when it was the time that was over.
  return isNamed(settled.error, "AbortError") && !options.signal?.aborted ? "ignored" : "failure";
}

/** Gives what is to be given in the place of `error`; rejects with it where that is nothing. */
export function fallBack<F>(error: unknown, options: ExecuteOptions<never, F> | undefined): Promise<F> {
  const fallback = options?.fallback;
  if (fallback === undefined) {
    // A moment later, when the caller listens: else the runtime takes note of a rejection that nobody handles, and takes that
    // back, which is a good part of what a refusal costs.
    return new Promise((_, reject) => void Promise.resolve().then(() => reject(error)));
  }
  return new Promise((resolve) =>
    resolve(typeof fallback === "function" ? (fallback as (error: unknown) => F | PromiseLike<F>)(error) : fallback),
  );
}

/** Whether its caller has gone away, so that its error is none of the operation. */
function isLeft(settled: Settled<unknown>, { signal }: ExecuteOptions<never, unknown>): boolean {
  // A time that was over before the abort is still a failure.
  return !settled.ok && !isTimeout(settled.error) && signal?.aborted === true && !isTimeout(signal.reason);
}

const isTimeout = (error: unknown): boolean => isNamed(error, "TimeoutError");

/** By its name, for each realm has a `DOMException` of its own. */
function isNamed(error: unknown, name: string): boolean {
  return (error as { name?: unknown } | null | undefined)?.name === name;
}
