import { snapshotStorage, type SnapshotStorage, type SnapshotStorageOptions } from "./storage.js";

/** As much of `localStorage` and `sessionStorage` as is used. */
export interface WebStorageLike {
  /** The text of a key. */
  getItem(key: string): string | null;
  /** Keeps a text. */
  setItem(key: string, text: string): void;
}

/** As much of a Workers KV namespace as is used. */
export interface KVNamespaceLike {
  /** The text of a key. */
  get(key: string): Promise<string | null>;
  /** Keeps a text, for so many seconds if that is said. */
  put(key: string, text: string, options?: { expirationTtl?: number }): Promise<void>;
}

/** As much of a Durable Object's storage as is used. */
export interface DurableObjectStorageLike {
  /** The value of a key. */
  get(key: string): Promise<unknown>;
  /** Keeps a value. */
  put(key: string, value: string): Promise<void>;
}

/**
 * Snapshots in `localStorage`, or in another storage of a page. It works at once: what `load` found is there before its promise
 * is awaited.
 *
 * @param storage by default `localStorage`, which is touched when it is used: where a page may not, that is told as an error
 */
export function webStorage(storage?: WebStorageLike, options?: SnapshotStorageOptions): SnapshotStorage {
  const found = () => {
    const place = storage ?? (globalThis.localStorage as WebStorageLike | undefined);
    if (place === undefined) throw new Error("there is no localStorage here");
    return place;
  };
  return snapshotStorage(
    { read: (key) => found().getItem(key), write: (key, text) => found().setItem(key, text) },
    options,
  );
}

/**
 * Snapshots in Workers KV. It takes a write a second for a key, and others see it up to a minute later: good for a start that is
 * not blind, no circuit that is shared. So load once for each isolate, not for each request: see {@link SnapshotStorage.load}.
 *
 * @param options how, and for how many seconds a snapshot is kept: 60 or more, by default until it is written over
 */
export function kvStorage(
  namespace: KVNamespaceLike,
  options: SnapshotStorageOptions & { readonly expirationTtl?: number | undefined } = {},
): SnapshotStorage {
  const { expirationTtl } = options;
  return snapshotStorage(
    {
      read: (key) => namespace.get(key),
      write: (key, text) => namespace.put(key, text, expirationTtl === undefined ? {} : { expirationTtl }),
    },
    options,
  );
}

/** Snapshots in the storage of a Durable Object. Load in its constructor, within `blockConcurrencyWhile`. */
export function durableObjectStorage(storage: DurableObjectStorageLike, options?: SnapshotStorageOptions): SnapshotStorage {
  return snapshotStorage({ read: (key) => storage.get(key), write: (key, text) => storage.put(key, text) }, options);
}
