// What a breaker costs where that can be counted: memory, allocations, and what it leaves running.
import assert from "node:assert/strict";
import { createHook, executionAsyncId } from "node:async_hooks";
import { getEventListeners } from "node:events";
import { describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { wasmBytes } from "./watch-memory.mjs";

const { CircuitBreaker, ManualClock } = await import("halfopen");

const MOST_BYTES = 400;

/** What `work` starts, by kind: timers, promises, ticks, whatever the runtime knows. */
function started(work) {
  const kinds = [];
  const own = executionAsyncId();
  const hook = createHook({
    init: (_id, kind, trigger) => void (trigger === own && kinds.push(kind)),
  }).enable();
  try {
    work();
  } finally {
    hook.disable();
  }
  return kinds;
}

/** The timers that run; what the test runner itself has open comes and goes. */
const timers = () => process.getActiveResourcesInfo().filter((kind) => !/Pipe|TTY|CloseReq|FS|Message/.test(kind));

test(`a breaker takes at most ${MOST_BYTES} bytes of heap and wasm`, () => {
  const COUNT = 100_000;
  const kept = new Array(COUNT).fill(null);
  new CircuitBreaker("memory");
  const bytes = () => {
    global.gc();
    global.gc();
    // What is `external` is the memory of wasm again.
    return process.memoryUsage().heapUsed + wasmBytes();
  };
  const before = bytes();
  for (let at = 0; at < COUNT; at++) kept[at] = new CircuitBreaker("memory");
  const each = (bytes() - before) / COUNT;
  for (const breaker of kept) breaker.free();
  assert.ok(each > 100 && each <= MOST_BYTES, `${each} bytes`);
});

test("a healthy pair allocates nothing", () => {
  const breaker = new CircuitBreaker("pairs");
  const pairs = (count) => {
    for (let at = 0; at < count; at++) {
      breaker.allowRequest();
      breaker.recordSuccess();
    }
  };
  const grown = (work, count) => {
    const before = process.memoryUsage().heapUsed;
    work(count);
    return process.memoryUsage().heapUsed - before;
  };
  const objects = (count) => {
    for (let at = 0; at < count; at++) kept[at % kept.length] = { at };
  };
  const kept = new Array(16);
  for (let warm = 0; warm < 20; warm++) [pairs, objects].forEach((work) => grown(work, 50_000));
  global.gc();
  // To look takes some bytes too, always the same; the least of some goes, for the engine may compile in one of them.
  const least = (work, count) => Math.min(...Array.from({ length: 10 }, () => grown(work, count)));
  const nothing = least(pairs, 0);
  assert.equal(least(pairs, 100_000), nothing);
  assert.ok(least(objects, 1_000) > nothing, "allocations are not seen");
});

describe("at rest", () => {
  test("it has started no timer, and no promise or task waits", () => {
    const before = timers();
    const clock = new ManualClock();
    const made = [];
    const kinds = started(() => {
      for (const config of [{}, { slidingWindowSize: 10 }, { slidingWindowSeconds: 5 }, { rampUpSeconds: 5, recoveryJitterPercent: 10 }]) {
        const breaker = new CircuitBreaker("rest", config, { clock });
        made.push(breaker);
        breaker.allowRequest();
        breaker.recordSuccess();
        breaker.tryAcquire().failure();
        breaker.trip();
        breaker.allowRequest();
        clock.advance(60_000);
        breaker.tryAcquire().success();
        breaker.restore(breaker.snapshot());
      }
    });
    assert.deepEqual(kinds, []);
    assert.deepEqual(timers(), before);
    assert.equal(made.length, 4);
    // The same eyes see what there is.
    assert.deepEqual(started(() => clearTimeout(setTimeout(() => {}, 1))), ["Timeout"]);
  });

  test("a call with a signal and a timeout leaves neither listener nor timer, however it ends", async () => {
    const breaker = new CircuitBreaker("rest", { failureThreshold: 1000 });
    const { signal } = new AbortController();
    const before = timers();
    const options = { signal, timeoutMs: 60_000 };
    const inner = [];
    await breaker.execute((given) => void inner.push(given), options);
    await breaker.execute((given) => (inner.push(given), Promise.reject(new Error("broken"))), options).catch(() => {});
    await breaker.execute((given) => (inner.push(given), new Promise(() => {})), { signal, timeoutMs: 1 }).catch(() => {});
    await setImmediate();
    assert.equal(inner.length, 3);
    assert.deepEqual([signal, ...inner].map((it) => getEventListeners(it, "abort").length), [0, 0, 0, 0]);
    assert.deepEqual(timers(), before);
  });

  test("it holds no promise: of a call that hangs nothing is kept", async () => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker("rest", { failureThreshold: 1 }, { clock });
    breaker.recordFailure();
    clock.advance(30_000);
    const hung = (() => new WeakRef(breaker.execute(() => new Promise(() => {}))))();
    await setImmediate();
    global.gc();
    await setImmediate();
    global.gc();
    assert.equal(hung.deref(), undefined);
    assert.equal(breaker.wouldAllow(), false);
  });
});
