// Where snapshots are kept, with stores made of a map.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as halfopen from "halfopen";

const { CircuitBreaker, ManualClock, saveOnChange } = halfopen;

/** A breaker that opens at the first failure, and its clock. */
function fragile(config = {}) {
  const clock = new ManualClock(1_000);
  return { clock, breaker: new CircuitBreaker("fetch", { failureThreshold: 1, ...config }, { clock }) };
}

/** A storage of each kind over a map, with the time that all who share it agree on. */
const kinds = {
  webStorage: (map) => [{ getItem: (key) => map.get(key) ?? null, setItem: (key, text) => void map.set(key, text) }],
  kvStorage: (map) => [{ get: async (key) => map.get(key) ?? null, put: async (key, text) => void map.set(key, text) }],
  durableObjectStorage: (map) => [{ get: async (key) => map.get(key), put: async (key, value) => void map.set(key, value) }],
  snapshotStorage: (map) => [{ read: (key) => map.get(key), write: (key, text) => map.set(key, text) }],
};

function setUp(kind) {
  const [map, clock, errors] = [new Map(), new ManualClock(1_700_000_000_000), []];
  const storage = halfopen[kind](...kinds[kind](map), { clock, onError: (error) => errors.push(error.message) });
  return { map, clock, errors, storage };
}

for (const kind of Object.keys(kinds)) {
  describe(kind, () => {
    test("gives back what it keeps, to whoever has another clock", async () => {
      const { map, storage, errors } = setUp(kind);
      const { breaker, clock } = fragile();
      breaker.recordFailure();
      clock.advance(10_000);
      assert.equal(await storage.save(breaker), true);
      assert.deepEqual([...map], [["circuit_breaker:fetch", JSON.stringify({ ...breaker.snapshot(), saved_at_ms: 1_700_000_000_000 })]]);
      const { breaker: other } = fragile();
      assert.equal(await storage.load(other), true);
      assert.deepEqual([other.state, other.retryAfterMs, errors], ["open", 20_000, []]);
    });

    test("has nothing at first, and knows keys apart", async () => {
      const { storage, errors } = setUp(kind);
      const { breaker } = fragile();
      breaker.trip();
      assert.equal(await storage.load(breaker), false);
      assert.equal(await storage.save(breaker, "mine"), true);
      assert.equal(await storage.load(breaker), false);
      assert.equal(await storage.load(breaker, "mine"), true);
      assert.deepEqual([breaker.state, errors], ["open", []]);
    });

    test("lets what it keeps grow older, so that one who lives shortly comes to probe", async () => {
      const { storage, clock } = setUp(kind);
      const { breaker } = fragile();
      breaker.recordFailure();
      await storage.save(breaker);
      for (const [passed, state, left] of [[29_000, "open", 1_000], [1_000, "half_open", 0], [1e12, "half_open", 0]]) {
        clock.advance(passed);
        const { breaker: other } = fragile();
        await storage.load(other);
        assert.deepEqual([other.state, other.retryAfterMs], [state, left]);
      }
      clock.set(0); // a clock that is wrong changes nothing for the worse
      const { breaker: other } = fragile();
      await storage.load(other);
      assert.equal(other.retryAfterMs, 30_000);
    });

    test("tells what is damaged or foreign, and leaves the breaker fresh", async () => {
      const { map, storage, errors } = setUp(kind);
      const { breaker } = fragile();
      const kept = breaker.snapshot();
      const values = ["", "{", "null", "5", "[]", '"text"', "{}", JSON.stringify({ ...kept, version: 2 }), { ...kept },
        JSON.stringify({ ...kept, state: "ajar" }), JSON.stringify({ ...kept, remaining_ms: "5", saved_at_ms: 0 })];
      for (const value of values) {
        map.set("circuit_breaker:fetch", value);
        assert.equal(await storage.load(breaker), false, String(value));
        assert.deepEqual([breaker.generation, breaker.snapshot()], [0, kept]);
      }
      assert.equal(errors.length, values.length);
      assert.ok(errors.every((error) => error.startsWith("circuit 'fetch' was not restored: ")));
      assert.equal(errors[7], "circuit 'fetch' was not restored: snapshot version is 2, must be 1");
      assert.equal(errors[8], "circuit 'fetch' was not restored: what is kept is no text");
    });

    test("reads a snapshot that was kept without a time, as it is", async () => {
      const { map, storage } = setUp(kind);
      const { breaker } = fragile();
      breaker.recordFailure();
      for (const saved_at_ms of [undefined, null, "yesterday", 1e300]) {
        map.set("circuit_breaker:fetch", JSON.stringify({ ...breaker.snapshot(), saved_at_ms }));
        const { breaker: other } = fragile();
        assert.equal(await storage.load(other), true);
        assert.equal(other.retryAfterMs, 30_000);
      }
    });
  });
}

describe("a store that fails", () => {
  const full = () => { throw new Error("full"); };
  const stores = {
    "at once": { read: full, write: full },
    later: { read: async () => full(), write: async () => full() },
  };
  for (const [when, store] of Object.entries(stores)) {
    test(`${when} is told, and nothing rejects`, async () => {
      const errors = [];
      const storage = halfopen.snapshotStorage(store, { onError: ({ message }) => errors.push(message) });
      const { breaker } = fragile();
      assert.deepEqual([await storage.load(breaker), await storage.save(breaker)], [false, false]);
      assert.deepEqual(errors, ["circuit 'fetch' was not restored: full", "circuit 'fetch' was not saved: full"]);
    });
  }

  test("with what is no error is told all the same", async () => {
    const errors = [];
    const onError = ({ message, cause }) => errors.push([message, cause]);
    for (const nothing of [undefined, "full"]) {
      const storage = halfopen.snapshotStorage({ read: () => Promise.reject(nothing), write: () => {} }, { onError });
      assert.equal(await storage.load(fragile().breaker), false);
    }
    assert.deepEqual(errors, [
      ["circuit 'fetch' was not restored: undefined", undefined],
      ["circuit 'fetch' was not restored: full", "full"],
    ]);
  });

  test("is told to the console by default", async (t) => {
    const warn = t.mock.method(console, "warn", () => {});
    await halfopen.snapshotStorage(stores.later).load(fragile().breaker);
    assert.deepEqual(warn.mock.calls.map((call) => call.arguments), [["circuit 'fetch' was not restored: full"]]);
  });
});

describe("the page's own storage", () => {
  test("is touched when it is used, and read at once", (t) => {
    const { breaker } = fragile();
    breaker.recordFailure();
    const text = JSON.stringify(breaker.snapshot());
    const storage = halfopen.webStorage();
    t.after(() => delete globalThis.localStorage);
    Object.defineProperty(globalThis, "localStorage", { configurable: true, value: { getItem: () => text } });
    const { breaker: other } = fragile();
    void storage.load(other);
    assert.equal(other.state, "open");
  });

  test("that there is not is told", async () => {
    const errors = [];
    await halfopen.webStorage(undefined, { onError: ({ message }) => errors.push(message) }).load(fragile().breaker);
    assert.deepEqual(errors, ["circuit 'fetch' was not restored: there is no localStorage here"]);
  });

  test("that the page may not use is told", async (t) => {
    t.after(() => delete globalThis.localStorage);
    Object.defineProperty(globalThis, "localStorage", { configurable: true, get: () => { throw new Error("denied"); } });
    const errors = [];
    await halfopen.webStorage(undefined, { onError: ({ message }) => errors.push(message) }).load(fragile().breaker);
    assert.deepEqual(errors, ["circuit 'fetch' was not restored: denied"]);
  });
});

test("KV is told for how long to keep it", async () => {
  const puts = [];
  const namespace = { get: async () => null, put: async (key, text, options) => void puts.push([key, options]) };
  await halfopen.kvStorage(namespace, { expirationTtl: 600 }).save(fragile().breaker);
  await halfopen.kvStorage(namespace).save(fragile().breaker, "k");
  assert.deepEqual(puts, [["circuit_breaker:fetch", { expirationTtl: 600 }], ["k", {}]]);
});

describe("saveOnChange", () => {
  test("saves after each transition, until it is ended, and hands its promise to the Worker", async () => {
    const { storage, map } = setUp("kvStorage");
    const { breaker, clock } = fragile();
    const waited = [];
    const end = saveOnChange(breaker, storage, { waitUntil: (saved) => waited.push(saved) });
    const kept = async () => (await Promise.all(waited), JSON.parse(map.get("circuit_breaker:fetch")).state);
    breaker.recordSuccess();
    assert.equal(waited.length, 0);
    breaker.recordFailure();
    assert.equal(await kept(), "open");
    clock.advance(30_000);
    breaker.acquire().success();
    assert.equal(await kept(), "closed");
    assert.equal(waited.length, 3);
    end();
    breaker.trip();
    assert.deepEqual([waited.length, await kept()], [3, "closed"]);
  });

  test("does not save what was just loaded", async () => {
    const { storage, map } = setUp("webStorage");
    const { breaker } = fragile();
    breaker.recordFailure();
    await storage.save(breaker, "old");
    const { breaker: other } = fragile();
    saveOnChange(other, storage, { key: "new" });
    await storage.load(other, "old");
    assert.deepEqual([other.state, map.has("new")], ["open", false]);
    other.reset();
    assert.equal(JSON.parse(map.get("new")).state, "closed");
  });
});
