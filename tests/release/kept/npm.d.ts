// index.d.ts
export * from "./core.js";

// core.d.ts
export { CircuitBreaker } from "./breaker.js";
export { ManualClock, type Clock } from "./clock.js";
export { type CircuitBreakerConfiguration, type CircuitBreakerOptions, type Rule } from "./config.js";
export { CircuitOpenError } from "./errors.js";
export { type Refusal, type Tally, type Transition } from "./events.js";
export { type Classify, type ExecuteOptions, type Settled } from "./execute.js";
export { guardedFetch, type FetchLike, type GuardedFetchOptions, type RequestLike } from "./fetch.js";
export { type Logger } from "./log.js";
export { type Permit } from "./permit.js";
export { CircuitBreakerRegistry, type CircuitBreakerRegistryOptions } from "./registry.js";
export { type HeadersLike } from "./retry-after.js";
export { withRetry, type Retry, type RetryOptions } from "./retry.js";
export { type Snapshot } from "./snapshot.js";
export { CircuitState, Mode, type Outcome, type Reason, type Receipt } from "./states.js";
export { saveOnChange, snapshotStorage, type SnapshotStorage, type SnapshotStorageOptions, type TextStore, } from "./storage.js";
export { durableObjectStorage, kvStorage, webStorage, type DurableObjectStorageLike, type KVNamespaceLike, type WebStorageLike, } from "./stores.js";
export { type Sleep } from "./wait.js";

// breaker.d.ts
import { type CircuitBreakerConfiguration, type CircuitBreakerOptions } from "./config.js";
import { type Refusal, type Transition } from "./events.js";
import { type ExecuteOptions } from "./execute.js";
import { dispose, Permit } from "./permit.js";
import type { Snapshot } from "./snapshot.js";
import type { CircuitState, Mode, Outcome, Receipt } from "./states.js";
export declare class CircuitBreaker implements Disposable {
    #private;
    readonly operationName: string;
    constructor(operationName: string, config?: CircuitBreakerConfiguration, options?: CircuitBreakerOptions);
    allowRequest(): boolean;
    recordSuccess(): Receipt;
    recordFailure(): Receipt;
    recordIgnored(): Receipt;
    recordAfter(outcome: Outcome, tookMs: number): Receipt;
    wouldAllow(): boolean;
    get retryAfterMs(): number | null;
    get state(): CircuitState;
    get mode(): Mode;
    get failureCount(): number;
    get lastFailureTime(): number | null;
    get generation(): number;
    get reopenings(): number;
    trip(): void;
    isolate(): void;
    disable(): void;
    shadow(): void;
    reset(): void;
    holdOpen(ms: number): void;
    tryAcquire(): Permit | null;
    acquire(): Permit;
    execute<T>(operation: () => T | PromiseLike<T>): Promise<T>;
    execute<T, F = never>(operation: (signal: AbortSignal) => T | PromiseLike<T>, options: ExecuteOptions<T, F> & ({
        readonly signal: AbortSignal;
    } | {
        readonly timeoutMs: number;
    })): Promise<T | F>;
    execute<T, F = never>(operation: (signal: AbortSignal | undefined) => T | PromiseLike<T>, options?: ExecuteOptions<T, F>): Promise<T | F>;
    wrap<This, A extends unknown[], T, F = never>(operation: (this: This, ...args: A) => T | PromiseLike<T>, options?: ExecuteOptions<T, F>): (this: This, ...args: A) => Promise<T | F>;
    onStateChange(listener: (transition: Transition) => void): () => void;
    onRefused(listener: (refusal: Refusal) => void): () => void;
    onLate(listener: (receipt: Receipt) => void): () => void;
    get events(): EventTarget;
    stateChanges(signal?: AbortSignal): AsyncIterableIterator<Transition>;
    snapshot(): Snapshot;
    restore(snapshot: Snapshot | string): void;
    free(): void;
    [dispose](): void;
}

// config.d.ts
import type { Clock } from "./clock.js";
import type { Logger } from "./log.js";
export type Rule = "consecutive" | "consecutive_slow" | "count_window" | "time_window";
export interface CircuitBreakerConfiguration {
    readonly failureThreshold?: number | undefined;
    readonly recoveryTimeoutSeconds?: number | undefined;
    readonly successThreshold?: number | undefined;
    readonly halfOpenMaxCalls?: number | undefined;
    readonly probeTimeoutSeconds?: number | undefined;
    readonly slidingWindowSize?: number | undefined;
    readonly slidingWindowSeconds?: number | undefined;
    readonly failureRateThreshold?: number | undefined;
    readonly minimumCalls?: number | undefined;
    readonly slowCallDurationSeconds?: number | undefined;
    readonly slowCallRateThreshold?: number | undefined;
    readonly maxRecoveryTimeoutSeconds?: number | undefined;
    readonly recoveryMultiplierPercent?: number | undefined;
    readonly recoveryJitterPercent?: number | undefined;
    readonly halfOpenTrials?: number | undefined;
    readonly rampUpSeconds?: number | undefined;
    readonly rampUpFromPercent?: number | undefined;
    readonly rule?: Rule | undefined;
    readonly adaptive?: boolean | undefined;
}
export interface CircuitBreakerOptions {
    readonly clock?: Clock | undefined;
    readonly logger?: Logger | undefined;
    readonly random?: (() => number) | undefined;
}
type Config = CircuitBreakerConfiguration;
export interface Created {
    readonly handle: number;
    readonly chance: boolean;
}
export declare function create(config: Config): Created;
export {};

// clock.d.ts
export interface Clock {
    now(): number;
}
export declare const systemClock: Clock;
export declare class ManualClock implements Clock {
    #private;
    constructor(now?: number);
    now(): number;
    advance(ms: number): void;
    set(ms: number): void;
}

// log.d.ts
import type { Transition } from "./events.js";
export interface Logger {
    info(message: string): void;
}
export declare function describe(transition: Transition): string;

// events.d.ts
import type { CircuitState, Mode, Reason, Receipt } from "./states.js";
export interface Tally {
    readonly calls: number;
    readonly failures: number;
    readonly slowCalls: number;
    readonly window: {
        readonly calls: number;
    } | {
        readonly millis: number;
    };
}
export interface Transition {
    readonly operationName: string;
    readonly from: CircuitState;
    readonly to: CircuitState;
    readonly mode: Mode;
    readonly reason: Reason;
    readonly failureCount: number;
    readonly successes: number;
    readonly generation: number;
    readonly tally: Tally | null;
}
export interface Refusal {
    readonly operationName: string;
    readonly state: CircuitState;
    readonly retryAfterMs: number | null;
    readonly shadow: boolean;
}
export declare function refusalOf(operationName: string, shadow: boolean): Refusal;
export declare class Listeners<T> {
    #private;
    add(listener: (told: T) => void): () => void;
    tell(told: T): void;
}
export declare class Hub {
    readonly transitions: Listeners<Transition>;
    readonly refusals: Listeners<Refusal>;
    readonly late: Listeners<Receipt>;
    target: EventTarget | undefined;
    tell(packed: number, operationName: string): void;
}
export declare const eventOf: (detail: Transition) => Event;
export declare function iterate<T>(add: (listener: (told: T) => void) => () => void, signal: AbortSignal | undefined): AsyncIterableIterator<T>;

// states.d.ts
export declare const CircuitState: {
    readonly Closed: "closed";
    readonly Open: "open";
    readonly HalfOpen: "half_open";
};
export type CircuitState = (typeof CircuitState)[keyof typeof CircuitState];
export declare const Mode: {
    readonly Normal: "normal";
    readonly Isolated: "isolated";
    readonly Disabled: "disabled";
    readonly Shadow: "shadow";
};
export type Mode = (typeof Mode)[keyof typeof Mode];
export type Outcome = "success" | "failure" | "ignored";
export type Receipt = "recorded" | "stale" | "expired" | "disabled";
export type Reason = "consecutive_failures" | "failure_rate" | "slow_call_rate" | "recovery_timeout" | "probes_succeeded" | "probe_failed" | "tripped" | "isolated" | "disabled" | "shadowed" | "reset" | "restored";

// execute.d.ts
import type { Permit } from "./permit.js";
import type { Outcome } from "./states.js";
export type Settled<T> = {
    readonly ok: true;
    readonly value: T;
} | {
    readonly ok: false;
    readonly error: unknown;
};
export type Classify<T> = (settled: Settled<T>) => Outcome | undefined;
export interface ExecuteOptions<T = unknown, F = never> {
    readonly signal?: AbortSignal | undefined;
    readonly timeoutMs?: number | undefined;
    readonly fallback?: F | ((error: unknown) => F | PromiseLike<F>) | undefined;
    readonly classify?: Classify<T> | undefined;
}
export declare const LONGEST_MS: number;
export declare function callThrough<T, F>(permit: Permit, operation: (signal: AbortSignal) => T | PromiseLike<T>, options: ExecuteOptions<T, F>): Promise<T | F>;
export declare function callWithin<T>(operation: (signal: AbortSignal) => T | PromiseLike<T>, outer: AbortSignal | undefined, timeoutMs?: number): Promise<T>;
export declare function outcomeOf<T>(settled: Settled<T>, options: ExecuteOptions<T, unknown>): Outcome;
export declare function fallBack<F>(error: unknown, options: ExecuteOptions<never, F> | undefined): Promise<F>;

// permit.d.ts
/// <reference lib="esnext.disposable" preserve="true" />
import type { CircuitBreaker } from "./breaker.js";
import type { Outcome, Receipt } from "./states.js";
export declare const dispose: typeof Symbol.dispose;
export type Settle = (breaker: CircuitBreaker, mark: number, issued: number, outcome: number, retryAfterMs?: number) => Receipt;
export declare class Permit implements Disposable {
    #private;
    get isProbe(): boolean;
    success(): Receipt;
    failure(retryAfterMs?: number): Receipt;
    ignore(): Receipt;
    settle(outcome: Outcome, retryAfterMs?: number): Receipt;
    [dispose](): void;
}

// snapshot.d.ts
import type { CircuitState, Mode } from "./states.js";
export interface Snapshot {
    version: number;
    state: CircuitState;
    mode: Mode;
    failure_count: number;
    successes: number;
    remaining_ms: number;
    last_failure_ago_ms: number | null;
    reopenings?: number;
    probe_failures?: number;
    ramp_left_ms?: number;
}
export declare function read(ago: number): Snapshot;
export declare function write(snapshot: Record<string, unknown>): void;
export declare function damaged(packed: number): TypeError;

// errors.d.ts
import type { CircuitState } from "./states.js";
export declare class CircuitOpenError extends Error {
    readonly operationName: string;
    readonly state: CircuitState;
    readonly retryAfterMs: number | null;
    readonly name = "CircuitOpenError";
    constructor(operationName: string, state: CircuitState, retryAfterMs: number | null);
}

// fetch.d.ts
import type { CircuitBreaker } from "./breaker.js";
import type { CircuitBreakerRegistry } from "./registry.js";
import { type HeadersLike } from "./retry-after.js";
import type { Outcome } from "./states.js";
export type FetchLike = (input: any, init?: any) => Promise<{
    readonly status: number;
    readonly headers: HeadersLike;
}>;
export interface RequestLike {
    readonly url: string;
    readonly method: string;
}
export interface GuardedFetchOptions<F extends FetchLike = typeof globalThis.fetch> {
    readonly fetch?: F | undefined;
    readonly classify?: ((response: Awaited<ReturnType<F>>) => Outcome | undefined) | undefined;
    readonly key?: ((request: RequestLike) => string) | undefined;
    readonly timeoutMs?: number | undefined;
}
export declare function guardedFetch(breakers: CircuitBreaker | CircuitBreakerRegistry, options?: GuardedFetchOptions): typeof globalThis.fetch;
export declare function guardedFetch<F extends FetchLike>(breakers: CircuitBreaker | CircuitBreakerRegistry, options: GuardedFetchOptions<F> & {
    readonly fetch: F;
}): F;

// registry.d.ts
import { CircuitBreaker } from "./breaker.js";
import type { CircuitBreakerConfiguration, CircuitBreakerOptions } from "./config.js";
import { type Transition } from "./events.js";
import { dispose } from "./permit.js";
import type { Snapshot } from "./snapshot.js";
export interface CircuitBreakerRegistryOptions extends CircuitBreakerOptions {
    readonly maxSize?: number | undefined;
}
export declare class CircuitBreakerRegistry implements Disposable, Iterable<[
    name: string,
    breaker: CircuitBreaker
]> {
    #private;
    readonly maxSize: number;
    constructor(config?: CircuitBreakerConfiguration | ((name: string) => CircuitBreakerConfiguration), options?: CircuitBreakerRegistryOptions);
    get(name: string): CircuitBreaker;
    has(name: string): boolean;
    get size(): number;
    [Symbol.iterator](): IterableIterator<[
        name: string,
        breaker: CircuitBreaker
    ]>;
    delete(name: string): boolean;
    retireIdle(olderThanMs: number): number;
    onStateChange(listener: (transition: Transition) => void): () => void;
    snapshots(): Record<string, Snapshot>;
    restore(snapshots: Record<string, Snapshot> | string): void;
    free(): void;
    [dispose](): void;
}

// retry-after.d.ts
export interface HeadersLike {
    get(name: string): string | null;
}
export declare function retryAfterOf(headers: HeadersLike): number | undefined;

// retry.d.ts
import { CircuitBreaker } from "./breaker.js";
import { type Clock } from "./clock.js";
import { type Classify, type Settled } from "./execute.js";
import { type Sleep } from "./wait.js";
export interface Retry {
    readonly attempt: number;
    readonly settled: Settled<unknown>;
    readonly delayMs: number;
}
export interface RetryOptions<R = unknown> {
    readonly circuitBreaker?: CircuitBreaker | undefined;
    readonly attempts?: number | undefined;
    readonly backoff?: number | ((attempt: number, settled: Settled<unknown>) => number) | undefined;
    readonly maxDelayMs?: number | undefined;
    readonly jitter?: "full" | "equal" | "none" | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly timeoutMs?: number | undefined;
    readonly classify?: Classify<R> | undefined;
    readonly retryIf?: ((settled: Settled<R>, attempt: number) => boolean) | undefined;
    readonly waitWhileOpen?: boolean | undefined;
    readonly deadlineMs?: number | undefined;
    readonly onRetry?: ((retry: Retry) => void) | undefined;
    readonly random?: (() => number) | undefined;
    readonly sleep?: Sleep | undefined;
    readonly clock?: Clock | undefined;
}
export declare function withRetry<R = unknown>(options: RetryOptions<R>): <This, A extends unknown[], T extends R>(operation: (this: This, ...args: A) => T | PromiseLike<T>) => (this: This, ...args: A) => Promise<T>;

// wait.d.ts
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;
export declare const systemSleep: Sleep;
export interface Early {
    readonly signal: AbortSignal | undefined;
    readonly listen?: ((wake: () => void) => () => void) | undefined;
}
export declare function waitFor(ms: number, sleep: Sleep, { signal, listen }: Early): Promise<void>;

// storage.d.ts
import type { CircuitBreaker } from "./breaker.js";
import type { Clock } from "./clock.js";
export interface TextStore {
    read(key: string): unknown;
    write(key: string, text: string): unknown;
}
export interface SnapshotStorageOptions {
    readonly onError?: ((error: Error) => void) | undefined;
    readonly clock?: Clock | undefined;
}
export interface SnapshotStorage {
    load(breaker: CircuitBreaker, key?: string): Promise<boolean>;
    save(breaker: CircuitBreaker, key?: string): Promise<boolean>;
}
export declare function snapshotStorage(store: TextStore, options?: SnapshotStorageOptions): SnapshotStorage;
export declare function saveOnChange(breaker: CircuitBreaker, storage: SnapshotStorage, options?: {
    readonly key?: string | undefined;
    readonly waitUntil?: ((saved: Promise<unknown>) => void) | undefined;
}): () => void;

// stores.d.ts
import { type SnapshotStorage, type SnapshotStorageOptions } from "./storage.js";
export interface WebStorageLike {
    getItem(key: string): string | null;
    setItem(key: string, text: string): void;
}
export interface KVNamespaceLike {
    get(key: string): Promise<string | null>;
    put(key: string, text: string, options?: {
        expirationTtl?: number;
    }): Promise<void>;
}
export interface DurableObjectStorageLike {
    get(key: string): Promise<unknown>;
    put(key: string, value: string): Promise<void>;
}
export declare function webStorage(storage?: WebStorageLike, options?: SnapshotStorageOptions): SnapshotStorage;
export declare function kvStorage(namespace: KVNamespaceLike, options?: SnapshotStorageOptions & {
    readonly expirationTtl?: number | undefined;
}): SnapshotStorage;
export declare function durableObjectStorage(storage: DurableObjectStorageLike, options?: SnapshotStorageOptions): SnapshotStorage;

