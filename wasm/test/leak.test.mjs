// A million breakers come and go: neither the heap nor the memory of wasm grows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { wasmBytes } from "./watch-memory.mjs";

const { CircuitBreaker } = await import("halfopen");

const MILLION = 1_000_000;
const BATCH = 20_000;
const CONFIGS = [{}, { slidingWindowSize: 100 }, { slidingWindowSeconds: 60 }, { failureThreshold: 3, recoveryMultiplierPercent: 200 }];

/** A breaker of one of the rules, used once. */
function make(at) {
  const breaker = new CircuitBreaker("leak", CONFIGS[at % CONFIGS.length]);
  breaker.allowRequest();
  breaker.recordFailure();
  return breaker;
}

function collect() {
  global.gc();
  global.gc();
}

async function heapBytes() {
  for (let round = 0; round < 3; round++) {
    await setImmediate();
    collect();
  }
  return process.memoryUsage().heapUsed;
}

/** `using`, where the engine has it already; else what it does. */
const using = (() => {
  try {
    return new Function("make", "at", "{ using breaker = make(at); }");
  } catch {
    return (make, at) => {
      const breaker = make(at);
      try {
        // The block.
      } finally {
        breaker[Symbol.dispose]();
      }
    };
  }
})();

const ways = {
  "by free()": (at) => make(at).free(),
  "by using": (at) => using(make, at),
};

for (const [way, drop] of Object.entries(ways)) {
  test(`a million breakers leave nothing behind ${way}`, async () => {
    for (let at = 0; at < BATCH; at++) drop(at);
    const [heap, wasm] = [await heapBytes(), wasmBytes()];
    for (let at = 0; at < MILLION; at++) drop(at);
    // What one frees the next one takes: not a page more.
    assert.equal(wasmBytes(), wasm);
    const grown = (await heapBytes()) - heap;
    assert.ok(grown < 256 * 1024, `the heap grew by ${grown} bytes`);
  });
}

test("a million breakers leave nothing behind as garbage", async () => {
  const batch = async () => {
    for (let at = 0; at < BATCH; at++) make(at);
    collect();
    // Finalizers run as tasks.
    await setImmediate();
    await setImmediate();
  };
  await batch();
  await batch();
  const [heap, wasm] = [await heapBytes(), wasmBytes()];
  assert.ok(wasm > 0);
  for (let made = 0; made < MILLION; made += BATCH) await batch();
  // Two batches may overlap: of the one, its finalizers are still to come.
  const most = 2 * (wasm + 65_536);
  assert.ok(wasmBytes() <= most, `${wasmBytes()} bytes of wasm, ${wasm} after two batches`);
  const grown = (await heapBytes()) - heap;
  assert.ok(grown < 512 * 1024, `the heap grew by ${grown} bytes`);
});

test("what is kept is seen: this test can fail", () => {
  const before = wasmBytes();
  const kept = Array.from({ length: BATCH * 3 }, (_, at) => make(at));
  assert.ok(wasmBytes() > before, `${kept.length} breakers took no memory`);
});

test("a breaker that was freed keeps nothing of who listened to it", async () => {
  const breaker = new CircuitBreaker("held", { failureThreshold: 1 });
  const heard = (() => {
    const page = {};
    breaker.onStateChange(() => page);
    return new WeakRef(page);
  })();
  await setImmediate();
  collect();
  assert.notEqual(heard.deref(), undefined);
  breaker.free();
  await setImmediate();
  collect();
  assert.equal(heard.deref(), undefined);
  assert.equal(breaker.operationName, "held");
});
