// The package as a user gets it: behaviour by a manual clock, the conformance vectors, memory.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { describe, test } from "node:test";
import * as imported from "halfopen";
import { readVectors } from "./read-vectors.mjs";
import { LACKS, runVectors } from "./vectors.mjs";

const required = createRequire(import.meta.url)("halfopen");
const { CircuitBreaker, CircuitOpenError, ManualClock } = imported;

/** A breaker that opens at the first failure, and its clock. */
function fragile(config = {}) {
  const clock = new ManualClock(1_000);
  return { clock, breaker: new CircuitBreaker("fetch", { failureThreshold: 1, ...config }, { clock }) };
}

for (const [how, halfopen] of Object.entries({ import: imported, require: required })) {
  test(`the conformance vectors, by ${how}`, () => {
    const vectors = readVectors(pathToFileURL(process.env.VECTORS));
    const { passed, failed, ignored, checks } = runVectors(halfopen, vectors);
    assert.deepEqual(failed, []);
    // More or fewer vectors than this: look at what the package lacks, then change the number.
    assert.equal(vectors.length, 633);
    assert.deepEqual([passed.length, ignored.length], [623, 10]);
    assert.ok(checks > passed.length);
    assert.ok(ignored.every(({ why }) => Object.values(LACKS).includes(why)));
  });
}

test("both module systems export the same names", () => {
  assert.deepEqual(Object.keys(required).sort(), Object.keys(imported).sort());
});

describe("the contract's calls", () => {
  test("open at the threshold, recover after the timeout, close at a success", () => {
    const clock = new ManualClock();
    const config = { failureThreshold: 2, recoveryTimeoutSeconds: 10 };
    const breaker = new CircuitBreaker("upload", config, { clock });
    assert.equal(breaker.operationName, "upload");
    assert.equal(breaker.recordFailure(), "recorded");
    assert.deepEqual([breaker.state, breaker.failureCount, breaker.allowRequest()], ["closed", 1, true]);
    clock.advance(5);
    breaker.recordFailure();
    assert.deepEqual([breaker.state, breaker.lastFailureTime, breaker.retryAfterMs], ["open", 5, 10_000]);
    assert.equal(breaker.allowRequest(), false);
    clock.advance(10_000);
    assert.deepEqual([breaker.state, breaker.wouldAllow()], ["half_open", true]);
    assert.deepEqual([breaker.allowRequest(), breaker.allowRequest()], [true, false]);
    assert.equal(breaker.recordSuccess(), "recorded");
    assert.deepEqual([breaker.state, breaker.failureCount, breaker.generation], ["closed", 0, 3]);
  });

  test("a healthy circuit reads no clock", () => {
    let reads = 0;
    const breaker = new CircuitBreaker("fetch", {}, { clock: { now: () => ++reads } });
    assert.ok(breaker.allowRequest() && breaker.wouldAllow());
    assert.equal(breaker.recordSuccess(), "recorded");
    assert.equal(breaker.acquire().success(), "recorded");
    assert.equal(reads, 0);
    breaker.recordFailure();
    assert.equal(reads, 1);
  });

  test("manual modes last until a reset", () => {
    const { breaker } = fragile();
    breaker.isolate();
    assert.deepEqual([breaker.mode, breaker.state, breaker.retryAfterMs], ["isolated", "open", null]);
    breaker.disable();
    assert.equal(breaker.recordFailure(), "disabled");
    breaker.reset();
    breaker.shadow();
    breaker.recordFailure();
    assert.deepEqual([breaker.mode, breaker.state, breaker.allowRequest()], ["shadow", "open", true]);
    breaker.reset();
    breaker.trip();
    assert.deepEqual([breaker.mode, breaker.state, breaker.allowRequest()], ["normal", "open", false]);
  });
});

describe("permits", () => {
  test("an outcome of another generation is stale, a second one too", () => {
    const { breaker } = fragile();
    const [late, permit] = [breaker.acquire(), breaker.tryAcquire()];
    assert.equal(permit.isProbe, false);
    assert.equal(permit.failure(), "recorded");
    assert.equal(permit.failure(), "stale");
    assert.equal(late.success(), "stale");
    assert.equal(breaker.tryAcquire(), null);
    assert.throws(() => breaker.acquire(), new CircuitOpenError("fetch", "open", 30_000));
  });

  test("a probe that is disposed of gives its place back, a forgotten one when its lease ends", () => {
    const { breaker, clock } = fragile({ probeTimeoutSeconds: 2 });
    breaker.recordFailure();
    clock.advance(30_000);
    const probe = breaker.acquire();
    assert.deepEqual([probe.isProbe, breaker.wouldAllow()], [true, false]);
    probe[Symbol.dispose]();
    assert.equal(probe.success(), "stale");
    const forgotten = breaker.acquire();
    clock.advance(1_999);
    assert.equal(breaker.wouldAllow(), false);
    clock.advance(1);
    assert.equal(breaker.acquire().success(), "recorded");
    assert.equal(forgotten.failure(), "expired");
  });

  test("a failure that says when to come back holds the circuit open, where its way back adapts", () => {
    for (const [config, wait] of [[{ adaptive: true }, 40_000], [{}, 30_000]]) {
      const { breaker } = fragile(config);
      breaker.acquire().failure(40_000);
      assert.equal(breaker.retryAfterMs, wait);
    }
  });
});

describe("execute", () => {
  test("gives the value, counts an error, refuses without a call", async () => {
    const { breaker } = fragile();
    assert.equal(await breaker.execute(async () => 7), 7);
    assert.equal(await breaker.execute(() => 8), 8);
    const broken = new Error("broken");
    await assert.rejects(breaker.execute(() => Promise.reject(broken)), broken);
    let calls = 0;
    const refused = await breaker.execute(() => ++calls).catch((error) => error);
    assert.ok(refused instanceof CircuitOpenError && refused instanceof Error);
    assert.equal(refused.message, "circuit 'fetch' is open, retry after 30.000 s");
    assert.deepEqual([refused.name, refused.operationName, refused.state, refused.retryAfterMs, calls], ["CircuitOpenError", "fetch", "open", 30_000, 0]);
  });

  test("an error that is thrown at once is a rejection like any other", async () => {
    const { breaker } = fragile();
    const broken = new Error("at once");
    await assert.rejects(breaker.execute(() => { throw broken; }), broken);
    assert.equal(breaker.state, "open");
  });

  test("a hung probe parks nobody", async () => {
    const { breaker, clock } = fragile();
    breaker.recordFailure();
    clock.advance(30_000);
    void breaker.execute(() => new Promise(() => {}));
    await assert.rejects(breaker.execute(() => 1), CircuitOpenError);
    clock.advance(30_000);
    assert.equal(await breaker.execute(() => 2), 2);
    assert.equal(breaker.state, "closed");
  });

  test("an aborted call counts as nothing, and its listener is taken away", async () => {
    const { breaker } = fragile();
    const controller = new AbortController();
    const { signal } = controller;
    let [added, removed] = [0, 0];
    signal.addEventListener = new Proxy(signal.addEventListener, { apply: (target, self, args) => (added++, Reflect.apply(target, self, args)) });
    signal.removeEventListener = new Proxy(signal.removeEventListener, { apply: (target, self, args) => (removed++, Reflect.apply(target, self, args)) });
    assert.equal(await breaker.execute(async (inner) => inner.aborted, { signal }), false);
    assert.deepEqual([added, removed], [1, 1]);
    let inner;
    const call = breaker.execute((given) => ((inner = given), new Promise(() => {})), { signal });
    const gone = new Error("gone");
    controller.abort(gone);
    await assert.rejects(call, gone);
    assert.ok(inner.aborted && inner.reason === gone);
    assert.deepEqual([breaker.state, breaker.failureCount], ["closed", 0]);
    let calls = 0;
    await assert.rejects(breaker.execute(() => ++calls, { signal }), gone);
    assert.equal(calls, 0);
    await assert.rejects(breaker.execute(() => Promise.reject(new DOMException("gone", "AbortError"))), { name: "AbortError" });
    assert.equal(breaker.state, "closed");
  });

  test("a call that takes too long is a failure, and its timer goes", async () => {
    const { breaker } = fragile();
    assert.equal(await breaker.execute(async () => 1, { timeoutMs: 60_000 }), 1); // or this test would take a minute
    let inner;
    const call = breaker.execute((signal) => ((inner = signal), new Promise(() => {})), { timeoutMs: 1 });
    await assert.rejects(call, { name: "TimeoutError", message: "not done within 1 ms" });
    assert.deepEqual([inner.aborted, breaker.state], [true, "open"]);
  });

  test("a fallback is given for a refusal and a failure, not for an abort", async () => {
    const { breaker } = fragile();
    const fallback = (error) => error.message;
    assert.equal(await breaker.execute(() => Promise.reject(new Error("broken")), { fallback }), "broken");
    assert.equal(await breaker.execute(() => 1, { fallback }), "circuit 'fetch' is open, retry after 30.000 s");
    assert.equal(await breaker.execute(() => 1, { fallback: null }), null);
    const signal = AbortSignal.abort(new Error("gone"));
    await assert.rejects(breaker.execute(() => 1, { signal, fallback }), /gone/);
  });

  test("a classifier says what an end means", async () => {
    const { breaker } = fragile({ failureThreshold: 3 });
    const classify = (settled) => (settled.ok ? (settled.value >= 500 ? "failure" : undefined) : "ignored");
    assert.equal(await breaker.execute(() => 503, { classify }), 503);
    assert.equal(breaker.failureCount, 1);
    await assert.rejects(breaker.execute(() => Promise.reject(new Error("ours")), { classify }), /ours/);
    assert.equal(breaker.failureCount, 1);
    await assert.rejects(breaker.execute(() => 1, { classify: () => { throw new Error("classify"); } }), /classify/);
    assert.equal(breaker.failureCount, 2);
    assert.equal(await breaker.execute(() => 200, { classify }), 200);
    assert.equal(breaker.failureCount, 0);
  });

  test("a wrapped function keeps its arguments and `this`", async () => {
    const { breaker } = fragile();
    const add = breaker.wrap(function (one, other) { return this.base + one + other; });
    assert.equal(await add.call({ base: 100 }, 20, 3), 123);
  });

  test("a breaker that was freed meanwhile does not spoil a call", async () => {
    const { breaker } = fragile();
    const call = breaker.execute(async () => { await null; return 7; });
    breaker.free();
    assert.equal(await call, 7);
  });
});

describe("who is told", () => {
  test("listeners are told once each, after the change, and until they leave", () => {
    const { breaker } = fragile();
    const told = [];
    const leave = breaker.onStateChange((transition) => told.push([transition.reason, breaker.state]));
    breaker.recordFailure();
    breaker.recordFailure();
    leave();
    breaker.reset();
    assert.deepEqual(told, [["consecutive_failures", "open"]]);
  });

  test("events, refusals, late outcomes and a logger", () => {
    const lines = [];
    const clock = new ManualClock();
    const options = { clock, logger: { info: (line) => lines.push(line) } };
    const breaker = new CircuitBreaker("db", { failureRateThreshold: 50, minimumCalls: 2 }, options);
    const events = [];
    breaker.events.addEventListener("statechange", (event) => events.push(event.detail));
    const [refusals, late] = [[], []];
    breaker.onRefused((refusal) => refusals.push(refusal));
    breaker.onLate((receipt) => late.push(receipt));
    breaker.recordSuccess();
    breaker.recordFailure();
    breaker.allowRequest();
    breaker.recordSuccess();
    assert.deepEqual(events, [{
      operationName: "db", from: "closed", to: "open", mode: "normal", reason: "failure_rate", failureCount: 1, successes: 0,
      generation: 1, tally: { calls: 2, failures: 1, slowCalls: 0, window: { calls: 100 } },
    }]);
    assert.deepEqual(lines, [
      "circuit 'db': closed -> open (failure_rate, failure_count 1 and slow_calls 0 of 2 calls in a window of 100, generation 1)",
    ]);
    assert.deepEqual(refusals, [{ operationName: "db", state: "open", retryAfterMs: 30_000, shadow: false }]);
    assert.deepEqual(late, ["stale"]);
  });

  test("an iterator gives what happens from then on, until it is left or aborted", async () => {
    const { breaker } = fragile();
    const controller = new AbortController();
    const changes = breaker.stateChanges(controller.signal);
    breaker.trip();
    const next = async () => (await changes.next()).value?.reason;
    assert.equal(await next(), "tripped");
    const waiting = next();
    breaker.reset();
    assert.equal(await waiting, "reset");
    const last = changes.next();
    controller.abort();
    assert.deepEqual(await last, { done: true, value: undefined });
    for await (const _ of breaker.stateChanges(controller.signal)) assert.fail("it is over");
  });
});

describe("snapshots", () => {
  test("go over JSON to another clock, with what was left", () => {
    const { breaker, clock } = fragile();
    breaker.recordFailure();
    clock.advance(10_000);
    const text = JSON.stringify(breaker.snapshot());
    assert.equal(text, '{"version":1,"state":"open","mode":"normal","failure_count":1,"successes":0,"remaining_ms":20000,"last_failure_ago_ms":10000}');
    const other = new CircuitBreaker("fetch", {}, { clock: new ManualClock(500_000) });
    other.restore(text);
    assert.deepEqual([other.state, other.retryAfterMs, other.lastFailureTime], ["open", 20_000, 490_000]);
    other.restore(JSON.parse(text));
    assert.equal(other.generation, 2);
  });

  test("damage is told with its field, and changes nothing", () => {
    const { breaker } = fragile();
    const kept = breaker.snapshot();
    const damaged = (field) => new TypeError(`snapshot is damaged: ${field} is missing or has a value that no breaker can have`);
    for (const [field, value] of [["state", "ajar"], ["mode", undefined], ["failure_count", 1.5], ["failure_count", 5000], ["remaining_ms", 1], ["successes", "2"], ["last_failure_ago_ms", 2 ** 60], ["reopenings", 1]]) {
      assert.throws(() => breaker.restore({ ...kept, [field]: value }), damaged(field), field);
    }
    assert.throws(() => breaker.restore({ ...kept, version: 2 }), new TypeError("snapshot version is 2, must be 1"));
    assert.throws(() => breaker.restore("{"), SyntaxError);
    assert.throws(() => breaker.restore("null"), TypeError);
    assert.deepEqual([breaker.generation, breaker.snapshot()], [0, kept]);
  });
});

describe("configurations", () => {
  for (const [config, error] of [
    [{ failureThreshold: 0 }, new RangeError("failure_threshold is 0, must be 1 to 1023")],
    [{ failureThreshold: 2.5 }, new RangeError("failure_threshold is 2.5, must be 1 to 1023")],
    [{ failureThreshold: NaN }, new RangeError("failure_threshold is NaN, must be 1 to 1023")],
    [{ failureThreshold: "5" }, new TypeError('failure_threshold is "5", must be 1 to 1023')],
    [{ failureThreshold: null }, new TypeError("failure_threshold is null, must be 1 to 1023")],
    [{ adaptive: "false" }, new TypeError('adaptive is "false", must be true or false')],
    [5, new TypeError("configuration is 5, must be an object")],
    [null, new TypeError("configuration is null, must be an object")],
    [{ failureThreshold: 1e300 }, new RangeError("failure_threshold is 1e+300, must be 1 to 1023")],
    [{ recoveryTimeoutSeconds: -0.5 }, new RangeError("recovery_timeout_seconds is -0.5, must be 0.001 to 2147483.647")],
    [{ recoveryTimeoutSeconds: Infinity }, new RangeError("recovery_timeout_seconds is Infinity, must be 0.001 to 2147483.647")],
    [{ rule: "consecutive", slidingWindowSize: 5 }, new TypeError("sliding_window_size is set, must be left out: this breaker's rule has no use for it")],
    [{ slidingWindowSeconds: 5, slidingWindowSize: 5 }, new TypeError("sliding_window_size is set, must be left out: this breaker's rule has no use for it")],
    [{ rampUpFromPercent: 5 }, new TypeError("ramp_up_from_percent is set, must be left out without ramp_up_seconds")],
    [{ rule: "consecutive_slow" }, new TypeError("slow_call_duration_seconds is missing, must be set: this rule is about it")],
    [{ rule: "sometimes" }, /^TypeError: rule is sometimes, must be one of consecutive, /],
    [{ failureTreshold: 5 }, /^TypeError: unknown field `failureTreshold`, expected one of `failureThreshold`, /],
  ]) {
    test(`${JSON.stringify(config)} is refused`, () => {
      assert.throws(() => new CircuitBreaker("x", config), error);
    });
  }

  test("the rule is the one that knows the fields which are given", () => {
    const opensAt = (config) => {
      const breaker = new CircuitBreaker("x", config, { clock: new ManualClock() });
      for (let failures = 1; failures < 100; failures++) {
        breaker.recordFailure();
        if (breaker.state === "open") return failures;
      }
    };
    assert.equal(opensAt({}), 5);
    assert.equal(opensAt({ failureRateThreshold: 50 }), 10);
    assert.equal(opensAt({ slidingWindowSeconds: 60, minimumCalls: 20 }), 20);
    assert.equal(opensAt({ slidingWindowSize: 3 }), 3);
  });

  test("4.001 seconds are 4,001 milliseconds", () => {
    const { breaker } = fragile({ recoveryTimeoutSeconds: 4.001 });
    breaker.recordFailure();
    assert.equal(breaker.retryAfterMs, 4_001);
  });
});

describe("memory", () => {
  test("a breaker that was freed throws, whatever it is asked", () => {
    const { breaker } = fragile();
    breaker.free();
    breaker.free();
    const freed = new Error("circuit 'fetch' was freed");
    for (const use of ["allowRequest", "recordSuccess", "recordFailure", "wouldAllow", "tryAcquire", "trip", "snapshot"]) {
      assert.throws(() => breaker[use](), freed, use);
    }
    for (const field of ["state", "mode", "failureCount", "lastFailureTime", "generation", "reopenings", "retryAfterMs"]) {
      assert.throws(() => breaker[field], freed, field);
    }
    return assert.rejects(breaker.execute(() => 1), freed);
  });
});
