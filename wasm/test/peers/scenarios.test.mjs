// The scenarios of the circuit breaker tests of opossum and cockatiel: each row of scenarios.md is a test here, with our outcome.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CircuitBreaker, CircuitOpenError, ManualClock } from "halfopen";

const boom = () => Promise.reject(new Error("boom"));
const seven = async () => 7;

/** A breaker that opens at the first failure, for a second. */
function fragile(config = {}, options = {}) {
  const clock = new ManualClock();
  const all = { failureThreshold: 1, recoveryTimeoutSeconds: 1, ...config };
  if ("failureRateThreshold" in all || "slidingWindowSeconds" in all || "minimumCalls" in all) delete all.failureThreshold;
  return { clock, breaker: new CircuitBreaker("peer", all, { clock, ...options }) };
}

/** The same, opened, its time OPEN over. */
function recovering(config) {
  const { clock, breaker } = fragile(config);
  breaker.trip();
  clock.advance(1_000);
  return { clock, breaker };
}

const fails = (breaker, options) => assert.rejects(breaker.execute(boom, options), /boom/);
const refuses = (breaker) => assert.rejects(breaker.execute(seven), CircuitOpenError);
const repeat = (times, work) => {
  for (let at = 0; at < times; at++) work(at);
};

const scenarios = {
  "arguments reach the function": async () => {
    const { breaker } = fragile();
    assert.equal(await breaker.wrap(async (one, other) => one + other)(30, 4), 34);
  },
  "a function that returns no promise": async () => {
    const { breaker } = fragile();
    assert.equal(await breaker.execute(() => "foo"), "foo");
  },
  "a function that throws at once": async () => {
    const { breaker } = fragile();
    await assert.rejects(breaker.execute(() => { throw new Error("tacos"); }), /tacos/);
    assert.equal(breaker.state, "open");
  },
  "a call that takes too long": async () => {
    const { breaker } = fragile();
    const call = breaker.execute(() => new Promise(() => {}), { timeoutMs: 1 });
    await assert.rejects(call, { name: "TimeoutError" });
    assert.equal(breaker.state, "open");
  },
  "a call that fails after it took too long": async () => {
    const { breaker } = fragile({ failureThreshold: 5 });
    let [falls, fail] = [0, undefined];
    const options = { timeoutMs: 1, fallback: () => ++falls };
    assert.equal(await breaker.execute(() => new Promise((_, reject) => (fail = reject)), options), 1);
    fail(new Error("late"));
    await null;
    assert.deepEqual([falls, breaker.failureCount], [1, 1]);
  },
  "enough failures": async () => {
    const { breaker } = fragile();
    await fails(breaker);
    let calls = 0;
    await assert.rejects(breaker.execute(() => ++calls), CircuitOpenError);
    assert.equal(calls, 0);
  },
  "two failures in a row, and a success between": async () => {
    const { breaker } = fragile({ failureThreshold: 2 });
    await fails(breaker);
    assert.equal(breaker.state, "closed");
    await breaker.execute(seven);
    await fails(breaker);
    assert.equal(breaker.state, "closed");
    await fails(breaker);
    assert.equal(breaker.state, "open");
  },
  "after the time open": async () => {
    const { breaker, clock } = fragile();
    await fails(breaker);
    clock.advance(999);
    await refuses(breaker);
    clock.advance(1);
    assert.equal(await breaker.execute(seven), 7);
    assert.equal(breaker.state, "closed");
  },
  "a second call while half open": async () => {
    const { breaker } = recovering();
    let end;
    const first = breaker.execute(() => new Promise((resolve) => (end = resolve)));
    let calls = 0;
    await assert.rejects(breaker.execute(() => ++calls), { name: "CircuitOpenError", state: "half_open", retryAfterMs: 1_000 });
    assert.equal(calls, 0);
    end(1);
    assert.equal(await first, 1);
    assert.equal(await breaker.execute(() => ++calls), 1);
  },
  "a second call while half open, and the first fails": async () => {
    const { breaker } = recovering();
    let fail;
    const first = breaker.execute(() => new Promise((_, reject) => (fail = reject)));
    await refuses(breaker);
    fail(new Error("boom"));
    await assert.rejects(first, /boom/);
    await refuses(breaker);
    assert.equal(breaker.state, "open");
  },
  "half open, failing, then recovering": async () => {
    const { breaker, clock } = recovering();
    await fails(breaker);
    assert.equal(breaker.state, "open");
    clock.advance(1_000);
    assert.equal(breaker.state, "half_open");
    assert.equal(await breaker.execute(seven), 7);
    assert.equal(breaker.state, "closed");
  },
  "a filtered error while closed": async () => {
    const { breaker } = fragile({ failureThreshold: 2 });
    const classify = (settled) => (settled.ok ? undefined : "ignored");
    breaker.recordFailure();
    await fails(breaker, { classify });
    // Neither a failure nor a success, which would have reset the count.
    assert.deepEqual([breaker.state, breaker.failureCount], ["closed", 1]);
  },
  "a filtered error while half open": async () => {
    const { breaker } = recovering();
    await fails(breaker, { classify: () => "ignored" });
    assert.deepEqual([breaker.state, breaker.wouldAllow()], ["half_open", true]);
    await fails(breaker, { classify: () => "success" });
    assert.equal(breaker.state, "closed");
  },
  "a fallback for a filtered error": async () => {
    const { breaker } = fragile();
    assert.equal(await breaker.execute(boom, { classify: () => "ignored", fallback: 5 }), 5);
    assert.equal(breaker.state, "closed");
  },
  "disabled, and enabled again": async () => {
    const { breaker } = fragile();
    breaker.disable();
    await fails(breaker);
    await fails(breaker);
    assert.equal(breaker.state, "closed");
    breaker.reset();
    await fails(breaker);
    assert.equal(breaker.state, "open");
  },
  "too few calls for a rate": async () => {
    const { breaker } = fragile({ failureRateThreshold: 1, minimumCalls: 3 });
    await fails(breaker);
    await fails(breaker);
    assert.equal(breaker.state, "closed");
    await fails(breaker);
    assert.equal(breaker.state, "open");
  },
  "too few calls for a rate, while half open": async () => {
    const { breaker } = recovering({ failureRateThreshold: 1, minimumCalls: 3 });
    await fails(breaker);
    assert.equal(breaker.state, "open");
  },
  "opened by hand while open": () => {
    const { breaker, clock } = fragile();
    breaker.recordFailure();
    clock.advance(900);
    breaker.isolate();
    clock.advance(10_000);
    assert.deepEqual([breaker.state, breaker.retryAfterMs], ["open", null]);
    breaker.reset();
    breaker.trip();
    assert.equal(breaker.retryAfterMs, 1_000);
  },
  "a call from before the opening ends well": async () => {
    const { breaker } = fragile();
    let end;
    const slow = breaker.execute(() => new Promise((resolve) => (end = resolve)));
    await fails(breaker);
    end("success");
    assert.equal(await slow, "success");
    assert.equal(breaker.state, "open");
  },
  "a breaker that is shut down": async () => {
    const { breaker } = fragile();
    breaker.free();
    await assert.rejects(breaker.execute(seven), /was freed/);
  },
  "a hundred breakers that nobody shuts down": () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout" || kind === "Immediate");
    const before = timers();
    repeat(100, () => fragile().breaker.recordFailure());
    assert.deepEqual(timers(), before);
  },
  "a state that is kept and taken over": () => {
    const { breaker, clock } = fragile();
    breaker.recordFailure();
    clock.advance(400);
    const { breaker: other, clock: later } = fragile();
    other.restore(JSON.stringify(breaker.snapshot()));
    assert.deepEqual([other.state, other.retryAfterMs, other.failureCount], ["open", 600, 1]);
    later.advance(600);
    assert.deepEqual([other.state, other.allowRequest(), other.allowRequest()], ["half_open", true, false]);
  },
  "a state that was kept open for longer than the time open": () => {
    const { breaker, clock } = fragile();
    breaker.recordFailure();
    clock.advance(1_250);
    const { breaker: other } = fragile();
    other.restore(breaker.snapshot());
    assert.equal(other.state, "half_open");
  },
  "a state that was half open": async () => {
    const { breaker } = recovering();
    breaker.allowRequest();
    const { breaker: other } = fragile();
    other.restore(breaker.snapshot());
    assert.equal(other.state, "half_open");
    // The probe that was out belongs to a breaker that is gone.
    await fails(other);
    assert.equal(other.state, "open");
  },
  "a window that is kept and taken over": () => {
    const { breaker } = fragile({ failureRateThreshold: 50, minimumCalls: 4 });
    repeat(3, () => breaker.recordFailure());
    const { breaker: other } = fragile({ failureRateThreshold: 50, minimumCalls: 4 });
    other.restore(breaker.snapshot());
    other.recordFailure();
    assert.equal(other.state, "closed");
  },
  "a fallback, its error, and when it fails": async () => {
    const { breaker } = fragile();
    assert.equal(await breaker.execute(boom, { fallback: (error) => error.message }), "boom");
    assert.equal(await breaker.execute(seven, { fallback: () => 100 }), 100);
    await assert.rejects(breaker.execute(seven, { fallback: () => Promise.reject(new Error("nope")) }), /nope/);
  },
  "a fallback that is a breaker": async () => {
    const [{ breaker }, { breaker: other }] = [fragile(), fragile()];
    assert.equal(await breaker.execute(boom, { fallback: () => other.execute(seven) }), 7);
    await assert.rejects(breaker.execute(boom, { fallback: () => other.execute(boom) }), /boom/);
    assert.deepEqual([breaker.state, other.state], ["open", "open"]);
  },
  "warming up": async () => {
    const { breaker } = fragile();
    breaker.shadow();
    await fails(breaker);
    assert.equal(await breaker.execute(seven), 7);
    breaker.reset();
    await fails(breaker);
    await refuses(breaker);
  },
  "a health check that fails": async () => {
    const { breaker } = fragile();
    const check = () => boom().catch(() => breaker.trip());
    await check();
    assert.equal(breaker.state, "open");
  },
  "events": async () => {
    const { breaker, clock } = fragile();
    const told = [];
    breaker.onStateChange(({ to }) => told.push(to));
    breaker.onRefused(() => told.push("refused"));
    await breaker.execute(seven);
    await fails(breaker);
    await refuses(breaker);
    clock.advance(1_000);
    assert.deepEqual(told, ["open", "refused"]);
    await breaker.execute(seven);
    assert.deepEqual(told, ["open", "refused", "half_open", "closed"]);
  },
  "isolated twice": async () => {
    const { breaker } = fragile();
    const told = [];
    breaker.onStateChange(({ to, mode }) => told.push(`${to} ${mode}`));
    breaker.isolate();
    breaker.isolate();
    await refuses(breaker);
    breaker.reset();
    assert.equal(await breaker.execute(seven), 7);
    assert.deepEqual(told, ["open isolated", "closed normal"]);
  },
  "the caller's signal reaches the function": async () => {
    const { breaker } = fragile();
    const controller = new AbortController();
    const seen = [];
    const call = breaker.execute(async (signal) => {
      seen.push(signal.aborted);
      controller.abort(new Error("gone"));
      seen.push(signal.aborted);
    }, { signal: controller.signal });
    await assert.rejects(call, /gone/);
    assert.deepEqual([seen, breaker.state], [[false, true], "closed"]);
  },
  "a signal that was aborted before": async () => {
    const { breaker } = recovering();
    let calls = 0;
    await assert.rejects(breaker.execute(() => ++calls, { signal: AbortSignal.abort(new Error("gone")) }), /gone/);
    assert.deepEqual([calls, breaker.wouldAllow()], [0, true]);
  },
  "numbers that make no sense": () => {
    const wrong = [
      ...[0, -1, 101, 0.5].map((failureRateThreshold) => ({ failureRateThreshold })),
      ...[0, -1, 0.5].map((slidingWindowSize) => ({ slidingWindowSize })),
      ...[0, -1, 0.5, 101].map((minimumCalls) => ({ slidingWindowSize: 100, minimumCalls })),
    ];
    for (const config of wrong) assert.throws(() => new CircuitBreaker("x", config), RangeError, JSON.stringify(config));
    assert.equal(new CircuitBreaker("x", { failureRateThreshold: 100 }).state, "closed");
  },
  "a rate that is just reached": () => {
    const { breaker } = fragile({ failureRateThreshold: 50, minimumCalls: 50 });
    repeat(25, () => breaker.recordSuccess());
    repeat(24, () => breaker.recordFailure());
    assert.equal(breaker.state, "closed");
    breaker.recordFailure();
    assert.equal(breaker.state, "open");
  },
  "a window of calls that goes round": () => {
    const { breaker } = fragile({ slidingWindowSize: 5, failureRateThreshold: 60, minimumCalls: 5 });
    const life = "fssfssfss";
    for (const letter of life) letter === "f" ? breaker.recordFailure() : breaker.recordSuccess();
    // Of the last five: s, s, f, s, s.
    assert.deepEqual([breaker.state, breaker.failureCount], ["closed", 1]);
  },
  "a window after a recovery": async () => {
    const { breaker, clock } = fragile({ slidingWindowSize: 10, failureRateThreshold: 50 });
    repeat(10, () => breaker.recordFailure());
    clock.advance(1_000);
    await breaker.execute(seven);
    assert.deepEqual([breaker.state, breaker.failureCount], ["closed", 0]);
    breaker.recordFailure();
    assert.equal(breaker.state, "closed");
  },
  "too little traffic for a window of time": () => {
    const { breaker, clock } = fragile({ slidingWindowSeconds: 5, failureRateThreshold: 50, minimumCalls: 15 });
    repeat(20, () => {
      breaker.recordFailure();
      clock.advance(500);
    });
    assert.equal(breaker.state, "closed");
    repeat(15, () => breaker.recordFailure());
    assert.equal(breaker.state, "open");
  },
  "failures that leave a window of time": () => {
    const { breaker, clock } = fragile({ slidingWindowSeconds: 5, failureRateThreshold: 50, minimumCalls: 4 });
    repeat(3, () => breaker.recordFailure());
    clock.advance(10_000);
    assert.equal(breaker.failureCount, 0);
    repeat(3, () => breaker.recordSuccess());
    breaker.recordFailure();
    assert.equal(breaker.state, "closed");
  },
  "several probes, of which some may fail": async () => {
    const { breaker } = recovering({ successThreshold: 2, halfOpenTrials: 3 });
    await fails(breaker);
    assert.equal(breaker.state, "half_open");
    await breaker.execute(seven);
    await breaker.execute(seven);
    assert.equal(breaker.state, "closed");
  },
  "a time open that grows": async () => {
    const { breaker, clock } = recovering({ recoveryMultiplierPercent: 200 });
    await fails(breaker);
    assert.equal(breaker.retryAfterMs, 2_000);
    clock.advance(2_000);
    await breaker.execute(seven);
    breaker.trip();
    assert.equal(breaker.retryAfterMs, 1_000);
  },
};

for (const [name, scenario] of Object.entries(scenarios)) test(name, scenario);

test("the table names these scenarios and no others, and says why wherever we differ", () => {
  const rows = readFileSync(new URL("scenarios.md", import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| scenario") && !line.startsWith("| ---"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  assert.deepEqual(rows.map(([scenario]) => scenario), Object.keys(scenarios));
  for (const [scenario, from, theirs, ours, why] of rows) {
    assert.ok(from && theirs && ours && why !== undefined, scenario);
    assert.equal(ours === "the same", why === "", `${scenario}: a reason belongs to a difference, and to nothing else`);
  }
});
