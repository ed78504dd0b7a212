import { CircuitBreaker } from "./breaker.js";
import { checkCount, checkFunction, checkKeys, checkTime } from "./checks.js";
import { systemClock, type Clock } from "./clock.js";
import { CircuitOpenError } from "./errors.js";
import { outcomeOf, type Classify, type Settled } from "./execute.js";
import type { Outcome } from "./states.js";
import { systemSleep, waitFor, type Sleep } from "./wait.js";

/** An attempt that is followed by another one. */
export interface Retry {
  /** Which attempt it was: 1 for the first. */
  readonly attempt: number;
  /** How it ended. */
  readonly settled: Settled<unknown>;
  /** Milliseconds until the next attempt; 0 where the circuit is to be asked first. */
  readonly delayMs: number;
}

/** How {@link withRetry} tries again. `R` is what `classify` and `retryIf` take for a value. */
export interface RetryOptions<R = unknown> {
  /**
   * Is asked by every attempt, and told its outcome once. Leave it out where the operation asks a breaker itself, as a
   * {@link guardedFetch} does: one that is asked twice for a request has no second place for a probe.
   */
  readonly circuitBreaker?: CircuitBreaker | undefined;
  /** How many attempts there are, the first included: 1 or more, by default 3. A refusal is no attempt. */
  readonly attempts?: number | undefined;
  /** Milliseconds before the second attempt, doubled for each one after it, by default 100; or what gives them after an attempt. */
  readonly backoff?: number | ((attempt: number, settled: Settled<unknown>) => number) | undefined;
  /** The most that `backoff` may come to: by default 30,000 ms. */
  readonly maxDelayMs?: number | undefined;
  /** How much of the backoff is left to chance, so that callers do not come back together: by default all of it. */
  readonly jitter?: "full" | "equal" | "none" | undefined;
  /**
   * Ends an attempt and a wait at once, with the signal's reason; no attempt follows. What it means for the attempt is as with
   * {@link ExecuteOptions.signal}. For a time limit of all attempts together {@link deadlineMs} is better: it makes no failure
   * of an attempt that has just begun.
   */
  readonly signal?: AbortSignal | undefined;
  /** Ends an attempt after so many milliseconds, 0 or more, with a `TimeoutError`, which is a failure; by default nothing does. */
  readonly timeoutMs?: number | undefined;
  /** What the end of an attempt means to the breaker. See {@link ExecuteOptions.classify}. */
  readonly classify?: Classify<R> | undefined;
  /** Whether to try again after an attempt that ended so; by default if it counted as a failure. Not asked after the last one. */
  readonly retryIf?: ((settled: Settled<R>, attempt: number) => boolean) | undefined;
  /** Waits where a circuit refuses, until it would let a request through or closes. By default a refusal ends it. */
  readonly waitWhileOpen?: boolean | undefined;
  /** Begins no wait that would end later than so many milliseconds after the call: by default 60,000 with `waitWhileOpen`, else any. */
  readonly deadlineMs?: number | undefined;
  /** Is told before each wait for another attempt. An error of its own ends it, as one of `retryIf` does. */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
  /** A number from 0 to less than 1, for `jitter`; by default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** How it waits; by default by `setTimeout`. */
  readonly sleep?: Sleep | undefined;
  /** By which `deadlineMs` is measured, from 0 on; by default the system's. */
  readonly clock?: Clock | undefined;
}

const OPTIONS = [
  "circuitBreaker",
  "attempts",
  "backoff",
  "maxDelayMs",
  "jitter",
  "signal",
  "timeoutMs",
  "classify",
  "retryIf",
  "waitWhileOpen",
  "deadlineMs",
  "onRetry",
  "random",
  "sleep",
  "clock",
] as const satisfies readonly (keyof RetryOptions)[];
const JITTERS: readonly RetryOptions["jitter"][] = ["full", "equal", "none"];

type Options<R> = RetryOptions<R> & { readonly circuitBreaker: CircuitBreaker };

/** The attempts of one call. */
interface Course {
  readonly deadline: number;
  /** The error of the attempt before, for the `cause` of a refusal. */
  cause: unknown;
}

/**
 * Makes functions try again when they fail, with exponential backoff and full jitter, through a circuit breaker. An open
 * circuit, the breaker's or one that the operation meets, ends it with a {@link CircuitOpenError}, whose `cause` is the error of
 * the attempt before. Else the value or the error of the last attempt is given as it is. An ignored outcome, as that of an
 * aborted call, is not tried again. The operation is given its arguments alone: that an attempt was ended by `signal` or
 * `timeoutMs` does not tell it to stop.
 *
 * @example
 * const load = withRetry({ circuitBreaker: breaker, attempts: 4 })(async (id: string) => fetchUser(id));
 * const user = await load("42");
 * @throws RangeError for a number that is not in its range, TypeError for an option or a `jitter` that there is not, and
 * for an operation that is none
 */
export function withRetry<R = unknown>(
  options: RetryOptions<R>,
): <This, A extends unknown[], T extends R>(
  operation: (this: This, ...args: A) => T | PromiseLike<T>,
) => (this: This, ...args: A) => Promise<T> {
  check(options);
  const own: Options<R> = { ...options, circuitBreaker: options.circuitBreaker ?? letAllThrough() };
  return <This, A extends unknown[], T extends R>(operation: (this: This, ...args: A) => T | PromiseLike<T>) => {
    checkFunction("operation", operation);
    return function (this: This, ...args: A): Promise<T> {
      return run<T>(own, () => operation.apply(this, args));
    };
  };
}

async function run<T>(options: Options<T>, operation: () => T | PromiseLike<T>): Promise<T> {
  const { attempts = 3, deadlineMs = options.waitWhileOpen ? 60_000 : Infinity } = options;
  const course: Course = { deadline: deadlineMs === Infinity ? Infinity : now(options) + deadlineMs, cause: undefined };
  for (let attempt = 1; ; attempt++) {
    const { settled, outcome } = await admitted(options, operation, course);
    const again = attempt < attempts && !options.signal?.aborted && (options.retryIf?.(settled, attempt) ?? outcome === "failure");
    const delayMs = again ? delayAfter(attempt, settled, options) : 0;
    if (!again || isLate(delayMs, options, course)) {
      if (settled.ok) return settled.value;
      throw settled.error;
    }
    course.cause = settled.ok ? undefined : settled.error;
    options.onRetry?.({ attempt, settled, delayMs });
    if (delayMs > 0) await waitFor(delayMs, options.sleep ?? systemSleep, { signal: options.signal });
  }
}

/** One attempt, and what it counted as; waits until no circuit refuses it, where it is to. */
async function admitted<T>(
  options: Options<T>,
  operation: () => T | PromiseLike<T>,
  course: Course,
): Promise<{ settled: Settled<T>; outcome: Outcome }> {
  const { circuitBreaker, signal, timeoutMs } = options;
  for (;;) {
    // What counts where `classify` is not asked: the caller has gone away.
    let outcome: Outcome = "ignored";
    const classify = (settled: Settled<T>) => (outcome = outcomeOf(settled, options));
    try {
      const value = await circuitBreaker.execute(operation, { signal, timeoutMs, classify });
      return { settled: { ok: true, value }, outcome };
    } catch (error) {
      if (!(error instanceof CircuitOpenError)) return { settled: { ok: false, error }, outcome };
      // A wait of part of a millisecond would be none.
      const waitMs = error.retryAfterMs === null ? Infinity : Math.max(error.retryAfterMs, 1);
      if (!options.waitWhileOpen || waitMs === Infinity || isLate(waitMs, options, course)) {
        if (course.cause !== undefined) error.cause ??= course.cause;
        throw error;
      }
      await waitFor(waitMs, options.sleep ?? systemSleep, {
        signal,
        // A probe of another caller may close it long before its lease would end.
        listen: (wake) => circuitBreaker.onStateChange(({ to }) => to === "closed" && wake()),
      });
    }
  }
}

/** Milliseconds of backoff; 0 where the circuit would still refuse after them. */
function delayAfter(attempt: number, settled: Settled<unknown>, options: Options<never>): number {
  const { backoff = 100, maxDelayMs = 30_000, jitter = "full", circuitBreaker } = options;
  const whole = typeof backoff === "number" ? backoff * 2 ** (attempt - 1) : backoff(attempt, settled);
  // A NaN is no wait.
  const most = Math.min(Math.max(whole || 0, 0), maxDelayMs);
  const chance = jitter === "none" ? 0 : (options.random ?? Math.random)() * (jitter === "equal" ? 0.5 : 1);
  const delayMs = jitter === "full" ? most * chance : most * (1 - chance);
  const openMs = circuitBreaker.retryAfterMs;
  return openMs === null || openMs > delayMs ? 0 : delayMs;
}

function isLate(waitMs: number, options: RetryOptions<never>, { deadline }: Course): boolean {
  return deadline !== Infinity && now(options) + waitMs > deadline;
}

function now(options: RetryOptions<never>): number {
  return (options.clock ?? systemClock).now();
}

function letAllThrough(): CircuitBreaker {
  const breaker = new CircuitBreaker("");
  breaker.disable();
  return breaker;
}

function check(options: RetryOptions<never>): void {
  checkKeys("option", options, OPTIONS);
  const { attempts = 1, backoff, maxDelayMs, jitter = "full", deadlineMs, timeoutMs } = options;
  checkCount("attempts", attempts);
  if (!JITTERS.includes(jitter)) throw new TypeError(`jitter is ${String(jitter)}, must be one of ${JITTERS.join(", ")}`);
  if (typeof backoff !== "function") checkTime("backoff", backoff);
  checkTime("maxDelayMs", maxDelayMs);
  checkTime("deadlineMs", deadlineMs);
  checkTime("timeoutMs", timeoutMs);
}
