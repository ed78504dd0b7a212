import type { CircuitBreaker } from "./breaker.js";
import type { Clock } from "./clock.js";
import type { Snapshot } from "./snapshot.js";

/** Where texts are kept by key, at once or later. */
export interface TextStore {
  /** The text that is kept; `null` or `undefined` if there is none. */
  read(key: string): unknown;
  /** Keeps a text. */
  write(key: string, text: string): unknown;
}

/** How snapshots are kept. */
export interface SnapshotStorageOptions {
  /** Is told what went wrong, for neither `load` nor `save` rejects, unless this throws; by default `console.warn` is. */
  readonly onError?: ((error: Error) => void) | undefined;
  /** The time by which a snapshot's age is told, the same for all who share the store; by default `Date`. */
  readonly clock?: Clock | undefined;
}

/** A place that keeps snapshots of breakers. By default the key is `circuit_breaker:` and the circuit's name. */
export interface SnapshotStorage {
  /**
   * Has the breaker take over what is kept, older by the time that has passed since; gives whether it did. What is damaged or
   * not a snapshot is told, and leaves the breaker as it is.
   *
   * Once, before the first call: each time takes back what has been counted since the save, and makes the calls that are out
   * stale. A breaker that is loaded for each request never has enough failures to open.
   */
  load(breaker: CircuitBreaker, key?: string): Promise<boolean>;
  /** Keeps the breaker as it is now; gives whether that worked. */
  save(breaker: CircuitBreaker, key?: string): Promise<boolean>;
}

/** What is kept: a snapshot as every halfopen reads it, and when it was taken. */
type Kept = Snapshot & { saved_at_ms?: number };

/**
 * A place for snapshots in whatever keeps texts.
 *
 * @example
 * const kept = snapshotStorage({ read: (key) => redis.get(key), write: (key, text) => redis.set(key, text) });
 * await kept.load(breaker);
 */
export function snapshotStorage(store: TextStore, options: SnapshotStorageOptions = {}): SnapshotStorage {
  const { onError = (error: Error) => console.warn(error.message), clock = Date } = options;
  /** Does it at once as far as the store does. */
  const attempt = async (what: string, breaker: CircuitBreaker, act: () => boolean | PromiseLike<boolean>): Promise<boolean> => {
    try {
      return await act();
    } catch (cause) {
      onError(new Error(`circuit '${breaker.operationName}' was not ${what}: ${messageOf(cause)}`, { cause }));
      return false;
    }
  };
  const restore = (breaker: CircuitBreaker, text: unknown): boolean => {
    if (text === null || text === undefined) return false;
    if (typeof text !== "string") throw new TypeError("what is kept is no text");
    breaker.restore(aged(JSON.parse(text), clock.now()));
    return true;
  };
  return {
    load: (breaker, key = keyOf(breaker)) =>
      attempt("restored", breaker, () => {
        const text = store.read(key);
        return isPromise(text) ? text.then((later) => restore(breaker, later)) : restore(breaker, text);
      }),
    save: (breaker, key = keyOf(breaker)) =>
      attempt("saved", breaker, () => {
        const kept: Kept = { ...breaker.snapshot(), saved_at_ms: Math.floor(clock.now()) };
        const written = store.write(key, JSON.stringify(kept));
        return isPromise(written) ? written.then(() => true) : true;
      }),
  };
}

/**
 * Saves a breaker after each of its transitions, each save on its own: nothing waits for one that another request began. Once for
 * a breaker: of several at the same time, as one for each request that is under way, each saves.
 *
 * @param options the key; and `waitUntil` of a Worker, which else ends with its response, before the save
 * @returns what ends it
 */
export function saveOnChange(
  breaker: CircuitBreaker,
  storage: SnapshotStorage,
  options: { readonly key?: string | undefined; readonly waitUntil?: ((saved: Promise<unknown>) => void) | undefined } = {},
): () => void {
  return breaker.onStateChange(({ reason }) => {
    // It is what is kept already.
    if (reason === "restored") return;
    const saved = storage.save(breaker, options.key);
    options.waitUntil?.(saved);
  });
}

/** A store may reject with anything. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function keyOf(breaker: CircuitBreaker): string {
  return `circuit_breaker:${breaker.operationName}`;
}

/** Else an isolate that lives for less than a recovery timeout would begin that anew each time, and never probe. */
function aged(parsed: unknown, now: number): Snapshot {
  const kept = { ...(parsed as Kept) };
  const { saved_at_ms: savedAt } = kept;
  const passed = Number.isSafeInteger(savedAt) ? Math.max(0, Math.floor(now) - savedAt!) : 0;
  const less = (ms: number) => (Number.isSafeInteger(ms) ? Math.max(0, ms - passed) : ms);
  kept.remaining_ms = less(kept.remaining_ms);
  if (kept.ramp_left_ms !== undefined) kept.ramp_left_ms = less(kept.ramp_left_ms);
  if (Number.isSafeInteger(kept.last_failure_ago_ms)) {
    kept.last_failure_ago_ms = Math.min(kept.last_failure_ago_ms! + passed, Number.MAX_SAFE_INTEGER);
  }
  return kept;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
