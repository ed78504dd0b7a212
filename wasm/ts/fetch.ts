import type { CircuitBreaker } from "./breaker.js";
import { checkKeys, checkTime } from "./checks.js";
import { callWithin, outcomeOf } from "./execute.js";
import type { CircuitBreakerRegistry } from "./registry.js";
import { retryAfterOf, type HeadersLike } from "./retry-after.js";
import type { Outcome } from "./states.js";

/** A function that is called as `fetch` is: the runtime's own, that of undici, a binding's; each has its own types for what it takes. */
export type FetchLike = (input: any, init?: any) => Promise<{ readonly status: number; readonly headers: HeadersLike }>;

/** A request, as far as it matters to its circuit. */
export interface RequestLike {
  /** Its URL, in full where that can be told. */
  readonly url: string;
  /** Its method, in capital letters. */
  readonly method: string;
}

/** How {@link guardedFetch} works. */
export interface GuardedFetchOptions<F extends FetchLike = typeof globalThis.fetch> {
  /** What makes the request; by default the global `fetch` at the time of the call. */
  readonly fetch?: F | undefined;
  /**
   * What a response means; `undefined` leaves it to the rule that 5xx and 429 are failures, other 4xx are ignored, and all else
   * is a success. It must not read the body.
   */
  readonly classify?: ((response: Awaited<ReturnType<F>>) => Outcome | undefined) | undefined;
  /** With a registry: the name of the request's circuit; by default the origin of its URL. */
  readonly key?: ((request: RequestLike) => string) | undefined;
  /**
   * Ends a request after so many milliseconds, 0 or more, without a response with a `TimeoutError`, which is a failure; by
   * default nothing does. For a request that has a signal, too, it takes `AbortSignal.any` (Node 20.3, browsers since 2024).
   */
  readonly timeoutMs?: number | undefined;
}

const OPTIONS = ["fetch", "classify", "key", "timeoutMs"] as const satisfies readonly (keyof GuardedFetchOptions)[];

/**
 * Makes a `fetch` that goes through a circuit breaker, or through one for each origin if a registry is given: to be used in the
 * place of `fetch`, also as the `fetch` option of a client.
 *
 * Responses of 5xx and 429 count as failures and are given like any other; so do network errors. Other 4xx say nothing about
 * the server's health and are ignored. An abort is ignored and a timeout is a failure, that of an `AbortSignal.timeout`, too, as
 * {@link ExecuteOptions} says. A failure's `Retry-After` lengthens the time OPEN, as far as `maxRecoveryTimeoutSeconds`
 * allows and only where the way back adapts: give `adaptive: true`. A request ends with its response: what goes wrong while the
 * body is read is not counted.
 *
 * Refused requests reject with a {@link CircuitOpenError}, unsent. With a registry so do those that it cannot give a circuit:
 * with a TypeError where the URL is none, and a RangeError where all its places are in use.
 *
 * @example
 * const hosts = new CircuitBreakerRegistry({ failureThreshold: 3, adaptive: true });
 * const fetch = guardedFetch(hosts, { timeoutMs: 5_000 });
 * const response = await fetch("https://api.example.com/users");
 * @throws RangeError for a `timeoutMs` that is no time, TypeError for an option that there is not
 */
export function guardedFetch(
  breakers: CircuitBreaker | CircuitBreakerRegistry,
  options?: GuardedFetchOptions,
): typeof globalThis.fetch;
/**
 * The same through a `fetch` of your own, whose type it keeps.
 *
 * @throws RangeError for a `timeoutMs` that is no time, TypeError for an option that there is not
 */
export function guardedFetch<F extends FetchLike>(
  breakers: CircuitBreaker | CircuitBreakerRegistry,
  options: GuardedFetchOptions<F> & { readonly fetch: F },
): F;
export function guardedFetch<F extends FetchLike>(
  breakers: CircuitBreaker | CircuitBreakerRegistry,
  options: GuardedFetchOptions<F> = {},
): F {
  const { timeoutMs, classify, key = originOf } = options;
  checkKeys("option", options, OPTIONS);
  checkTime("timeoutMs", timeoutMs);
  const guarded: FetchLike = async (input: Input, init?: Init) => {
    const signal = signalOf(input, init);
    signal?.throwIfAborted();
    const breaker = "tryAcquire" in breakers ? breakers : breakers.get(key(requestOf(input, init)));
    const send: FetchLike = options.fetch ?? globalThis.fetch;
    const permit = breaker.acquire();
    let outcome: Outcome = "failure";
    let retryAfterMs: number | undefined;
    try {
      const response = await (timeoutMs === undefined
        ? send(input, init)
        : callWithin((inner) => send(input, { ...init, signal: either(signal, inner) }), undefined, timeoutMs));
      outcome = classify?.(response as Awaited<ReturnType<F>>) ?? meaningOf(response.status);
      if (outcome === "failure") retryAfterMs = retryAfterOf(response.headers);
      return response;
    } catch (error) {
      outcome = outcomeOf({ ok: false, error }, { signal });
      throw error;
    } finally {
      permit.settle(outcome, retryAfterMs);
    }
  };
  return guarded as F;
}

type Input = string | URL | (RequestLike & { readonly signal?: AbortSignal | null });
type Init = { readonly method?: string; readonly signal?: AbortSignal | null };

function meaningOf(status: number): Outcome {
  if (status >= 500 || status === 429) return "failure";
  return status >= 400 ? "ignored" : "success";
}

/** The signal that `fetch` would go by. */
function signalOf(input: Input, init: Init | undefined): AbortSignal | undefined {
  const own = typeof input === "object" && "signal" in input ? input.signal : undefined;
  return (init?.signal === undefined ? own : init.signal) ?? undefined;
}

function requestOf(input: Input, init: Init | undefined): RequestLike {
  const own = typeof input === "object" && "url" in input ? input : undefined;
  const { location } = globalThis as { location?: { href: string } };
  const text = String(own?.url ?? input);
  const url = URL.canParse(text, location?.href) ? new URL(text, location?.href).href : text;
  return { url, method: (init?.method ?? own?.method ?? "GET").toUpperCase() };
}

/** Throws as `fetch` does for what is no URL. */
function originOf({ url }: RequestLike): string {
  return new URL(url).origin;
}

/** It must outlive the response, whose body an abort ends too: so nothing here could take a listener away again. */
function either(outer: AbortSignal | undefined, inner: AbortSignal): AbortSignal {
  return outer === undefined ? inner : AbortSignal.any([outer, inner]);
}
