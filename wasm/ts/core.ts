// What every entry point exports.
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
export {
  saveOnChange,
  snapshotStorage,
  type SnapshotStorage,
  type SnapshotStorageOptions,
  type TextStore,
} from "./storage.js";
export {
  durableObjectStorage,
  kvStorage,
  webStorage,
  type DurableObjectStorageLike,
  type KVNamespaceLike,
  type WebStorageLike,
} from "./stores.js";
export { type Sleep } from "./wait.js";
