// Compiles, under --strict; each use that is wrong is an error. Never run.
import {
  CircuitBreaker,
  CircuitBreakerRegistry,
  durableObjectStorage,
  guardedFetch,
  kvStorage,
  saveOnChange,
  snapshotStorage,
  webStorage,
  withRetry,
  type Snapshot,
} from "halfopen";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Is an error unless both types are the same. */
function same<A, B>(_: Equal<A, B>): void {}

const breaker = new CircuitBreaker("types");

// What a caller may have or not have is handed on as it is; the operation is told that it may be given no signal.
declare const perhaps: { signal?: AbortSignal; ms?: number; key?: string };
const handedOn = breaker.execute((signal) => (same<typeof signal, AbortSignal | undefined>(true), 7), { signal: perhaps.signal, timeoutMs: perhaps.ms });
same<typeof handedOn, Promise<number>>(true);
void [saveOnChange(breaker, webStorage(), { key: perhaps.key }), guardedFetch(breaker, { timeoutMs: perhaps.ms })];
// @ts-expect-error it may be given none
void breaker.execute((signal: AbortSignal) => signal.aborted, { timeoutMs: perhaps.ms });

// Retries keep arguments, `this` and results.
const load = withRetry({ circuitBreaker: breaker })(async (id: string, page?: number) => ({ id, page }));
same<typeof load, (this: unknown, id: string, page?: number | undefined) => Promise<{ id: string; page: number | undefined }>>(true);
const now = withRetry({ circuitBreaker: breaker })(() => 7);
same<ReturnType<typeof now>, Promise<number>>(true);
const method = withRetry({ circuitBreaker: breaker })(function (this: { base: number }, more: number) {
  return this.base + more;
});
void method.call({ base: 1 }, 2);
// @ts-expect-error a number is no id
void load(7);
// @ts-expect-error it has no base
void method.call({}, 2);
// @ts-expect-error no number
withRetry({ attempts: "3" });
// @ts-expect-error no such jitter
withRetry({ circuitBreaker: breaker, jitter: "some" });
// @ts-expect-error no such option
withRetry({ circuitBreaker: breaker, retries: 3 });
// @ts-expect-error the same of a registry
withRetry({ circuitBreaker: new CircuitBreakerRegistry() });
// @ts-expect-error an outcome has three names
withRetry({ circuitBreaker: breaker, classify: () => "bad" });

// A classifier says what the operation may give.
const checked = withRetry({
  circuitBreaker: breaker,
  classify: (settled: { ok: true; value: Response } | { ok: false; error: unknown }) =>
    settled.ok && settled.value.status >= 500 ? "failure" : undefined,
});
same<ReturnType<ReturnType<typeof checked<unknown, [string], Response>>>, Promise<Response>>(true);
void checked((url: string) => fetch(url))("https://example.com");
// @ts-expect-error a text has no status
checked(() => "text");

// A registry is looked up by name, and gives names with breakers.
const registry = new CircuitBreakerRegistry((name) => ({ failureThreshold: name.length }), { maxSize: 10 });
same<ReturnType<typeof registry.get>, CircuitBreaker>(true);
for (const [name, { state }] of registry) void [name.length, state === "open"];
same<ReturnType<typeof registry.snapshots>, Record<string, Snapshot>>(true);
const leave: () => void = registry.onStateChange(({ operationName, to }) => void [operationName, to]);
leave();
// @ts-expect-error no such field
new CircuitBreakerRegistry({ failureTreshold: 1 });
// @ts-expect-error no such field, by a function
new CircuitBreakerRegistry(() => ({ failureThreshold: "1" }));
// @ts-expect-error no such state
void (registry.get("one").state === "ajar");
// @ts-expect-error it is not to be written
registry.maxSize = 5;

// A guarded fetch is a fetch, of the kind that it was given.
const guarded = guardedFetch(registry, { timeoutMs: 100, key: ({ url, method }) => url + method });
same<typeof guarded, typeof globalThis.fetch>(true);
void guarded(new Request("https://example.com"), { method: "POST" }).then((response) => response.json());
// As clients take it: ky, openapi-fetch, Hono.
declare function client(options: {
  fetch?: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  ofRequests?: (input: Request) => Promise<Response>;
  own?: typeof fetch | ((input: string | URL, init?: RequestInit, env?: object) => Response | Promise<Response>);
}): void;
client({ fetch: guardedFetch(breaker), ofRequests: guardedFetch(registry, { timeoutMs: 5 }), own: guardedFetch(breaker) });
const own = guardedFetch(breaker, {
  fetch: async (url: string) => ({ status: 200, headers: new Headers(), own: url }),
  classify: (response) => (response.own === "" ? "failure" : undefined),
});
void own("").then(({ own }) => own.length);
// @ts-expect-error it takes a text only
void own(new URL("https://example.com"));
// @ts-expect-error a response has no such member
guardedFetch(breaker, { classify: (response) => (response.own ? "failure" : undefined) });
// @ts-expect-error neither breaker nor registry
guardedFetch({});
// @ts-expect-error no fetch
guardedFetch(breaker, { fetch: () => 7 });

// Stores are taken by their shape.
declare const namespace: {
  get(key: string, options?: { cacheTtl?: number }): Promise<string | null>;
  get(key: string, type: "json"): Promise<unknown>;
  put(key: string, value: string | ArrayBuffer, options?: { expirationTtl?: number; metadata?: unknown }): Promise<void>;
};
declare const storage: {
  get<T = unknown>(key: string): Promise<T | undefined>;
  put<T>(key: string, value: T): Promise<void>;
};
const saved: Promise<boolean> = kvStorage(namespace, { expirationTtl: perhaps.ms }).save(breaker, "key");
void durableObjectStorage(storage).load(breaker);
void webStorage(localStorage, { onError: ({ message }) => console.log(message) }).load(breaker);
void saveOnChange(breaker, webStorage(), { waitUntil: (promise) => void promise.then(() => saved) });
void snapshotStorage({ read: () => null, write: () => {} });
// @ts-expect-error a KV namespace is no page's storage
webStorage(namespace);
// @ts-expect-error it cannot write
snapshotStorage({ read: () => null });
// @ts-expect-error a name is no breaker
void webStorage().load("breaker");
