// Calls at the edges: what is no time, no outcome, no fallback; and what a refusal costs nobody.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { CircuitBreaker, CircuitBreakerRegistry, CircuitOpenError, guardedFetch, ManualClock, withRetry } from "halfopen";
import { timers } from "./leaks.mjs";

/** A breaker that opens at the first failure. */
const fragile = (options = {}) => new CircuitBreaker("origin", { failureThreshold: 1 }, { clock: new ManualClock(), ...options });

describe("timeoutMs", () => {
  for (const timeoutMs of [-1, NaN, "soon", "5", null, true]) {
    const shown = typeof timeoutMs === "string" ? `"${timeoutMs}"` : timeoutMs;
    const wrong = new RangeError(`timeoutMs is ${shown}, must be 0 or more`);

    test(`${shown} is no time: nothing is called, and nothing counts`, async () => {
      const breaker = fragile();
      let calls = 0;
      await assert.rejects(breaker.execute(() => ++calls, { timeoutMs }), wrong);
      assert.throws(() => guardedFetch(breaker, { timeoutMs }), wrong);
      assert.throws(() => withRetry({ circuitBreaker: breaker, timeoutMs }), wrong);
      assert.deepEqual([calls, breaker.state], [0, "closed"]);
    });
  }

  for (const timeoutMs of [Infinity, 2 ** 31, 1e300]) {
    test(`${timeoutMs} is longer than a timer can be, and does not end at once`, async () => {
      const idle = timers();
      const breaker = fragile();
      const later = () => new Promise((done) => setTimeout(done, 10, "done"));
      assert.equal(await breaker.execute(later, { timeoutMs }), "done");
      assert.deepEqual([breaker.state, timers()], ["closed", idle]);
    });
  }

  test("0 ends what is not done at once", async () => {
    const breaker = fragile();
    assert.equal(await breaker.execute(async () => 1, { timeoutMs: 0 }), 1);
    await assert.rejects(breaker.execute(() => new Promise(() => {}), { timeoutMs: 0 }), { name: "TimeoutError" });
  });
});

describe("what is no function", () => {
  for (const [operation, shown] of [[undefined, "undefined"], [Promise.resolve(7), "[object Promise]"], ["load", '"load"']]) {
    test(`${shown} in the place of the operation is told, and is no failure of what it asks`, async () => {
      const wrong = new TypeError(`operation is ${shown}, must be a function`);
      const breaker = fragile();
      await assert.rejects(breaker.execute(operation), wrong);
      await assert.rejects(breaker.execute(operation, { timeoutMs: 5, fallback: 1 }), wrong);
      assert.throws(() => breaker.wrap(operation), wrong);
      assert.throws(() => withRetry({ circuitBreaker: breaker })(operation), wrong);
      assert.deepEqual([breaker.state, breaker.failureCount], ["closed", 0]);
    });
  }

  test("is told of a listener and a clock at once, not at the first transition", () => {
    const wrong = new TypeError("listener is undefined, must be a function");
    for (const listen of ["onStateChange", "onRefused", "onLate"]) assert.throws(() => fragile()[listen](), wrong);
    const noClock = new TypeError("clock.now is undefined, must be a function");
    assert.throws(() => fragile({ clock: {} }), noClock);
    assert.throws(() => new CircuitBreakerRegistry({}, { clock: {} }), noClock);
  });
});

test("an option that there is not is told where a call is made ready: without it there would be no circuit, or no end", () => {
  assert.throws(() => withRetry({ breaker: fragile() }), /^TypeError: unknown option `breaker`, expected one of `circuitBreaker`, `attempts`, /);
  assert.throws(() => guardedFetch(fragile(), { timeout: 5 }), new TypeError("unknown option `timeout`, expected one of `fetch`, `classify`, `key`, `timeoutMs`"));
});

test("every option that there is is known", () => {
  const clock = new ManualClock();
  const retry = { circuitBreaker: fragile(), attempts: 1, backoff: 1, maxDelayMs: 1, jitter: "none", signal: undefined, timeoutMs: 1, classify() {}, retryIf() {}, waitWhileOpen: false, deadlineMs: 1, onRetry() {}, random: () => 0, sleep() {}, clock };
  assert.equal(typeof withRetry(retry)(() => 1), "function");
  assert.equal(typeof guardedFetch(fragile(), { fetch, classify() {}, key: () => "", timeoutMs: 1 }), "function");
});

test("what is no name is told: a configuration or a function in its place would else be ignored", () => {
  for (const [name, shown] of [[undefined, "undefined"], [{ failureThreshold: 1 }, "[object Object]"], [async () => 1, "a function"]]) {
    assert.throws(() => new CircuitBreaker(name, {}), new TypeError(`operationName is ${shown}, must be a string`));
  }
});

test("a clock that is told no number of milliseconds says so, and shows what it did", () => {
  const clock = new ManualClock(5);
  for (const ms of [undefined, NaN, "6"]) {
    const wrong = { name: "RangeError", message: /^ms is .*, must be a number of milliseconds$/ };
    assert.throws(() => clock.advance(ms), wrong);
    assert.throws(() => clock.set(ms), wrong);
    if (ms !== undefined) assert.throws(() => new ManualClock(ms), wrong);
  }
  assert.equal(clock.now(), 5);
});

describe("a listener that frees its breaker", () => {
  test("makes no error of a failure whose server said when to come back", async () => {
    for (const fail of [
      (breaker) => breaker.acquire().failure(60_000),
      (breaker) => guardedFetch(breaker, { fetch: async () => new Response(null, { status: 503, headers: { "retry-after": "60" } }) })("http://localhost/"),
    ]) {
      const breaker = fragile();
      const told = [];
      breaker.onStateChange(({ to }) => (told.push(to), breaker.free()));
      await fail(breaker);
      assert.deepEqual(told, ["open"]);
    }
  });

  test("finds it open for as long as that server said", () => {
    const breaker = new CircuitBreaker("origin", { failureThreshold: 1, adaptive: true }, { clock: new ManualClock() });
    const waits = [];
    breaker.onStateChange(() => waits.push(breaker.retryAfterMs));
    breaker.acquire().failure(60_000);
    assert.deepEqual(waits, [60_000]);
  });
});

describe("what is no outcome", () => {
  const wrong = new TypeError("outcome is failed, must be one of success, failure, ignored");

  test("of a permit is told and counts as a failure, once", () => {
    const breaker = fragile();
    const permit = breaker.acquire();
    assert.throws(() => permit.settle("failed"), wrong);
    assert.deepEqual([breaker.state, permit.success()], ["open", "stale"]);
  });

  test("of `classify` is told and counts as a failure, which gives a probe's place back", async () => {
    const clock = new ManualClock();
    const breaker = fragile({ clock });
    breaker.recordFailure();
    clock.advance(30_000);
    await assert.rejects(breaker.execute(() => 1, { classify: () => "failed" }), wrong);
    assert.equal(breaker.state, "open");
    clock.advance(30_000);
    await assert.rejects(guardedFetch(breaker, { fetch: async () => new Response(), classify: () => "failed" })("http://localhost/"), wrong);
    assert.equal(breaker.state, "open");
    clock.advance(30_000);
    assert.equal(await breaker.execute(() => 1), 1);
  });

  test("without a permit is told, and nothing is recorded", () => {
    const breaker = fragile();
    assert.throws(() => breaker.recordAfter("failed", 1), wrong);
    assert.equal(breaker.state, "closed");
  });
});

describe("a fallback", () => {
  test("that is undefined is none", async () => {
    const breaker = fragile();
    const broken = new Error("broken");
    await assert.rejects(breaker.execute(() => Promise.reject(broken), { fallback: undefined }), broken);
    await assert.rejects(breaker.execute(() => 1, { fallback: undefined }), CircuitOpenError);
  });

  test("may be a function that gives nothing, or later, or throws", async () => {
    const breaker = fragile();
    breaker.trip();
    assert.equal(await breaker.execute(() => 1, { fallback: () => undefined }), undefined);
    assert.equal(await breaker.execute(() => 1, { fallback: async () => 2 }), 2);
    await assert.rejects(breaker.execute(() => 1, { fallback: () => { throw new Error("fallback"); } }), /fallback/);
  });
});

describe("a refusal by `execute`", () => {
  test("rejects and does not throw, whoever is asked for a value in vain", async () => {
    const breaker = fragile({ clock: { now: () => { throw new Error("no time"); } } });
    const refused = new CircuitBreaker("origin");
    refused.isolate();
    for (const [rejects, error] of [
      [refused.execute(() => 1), CircuitOpenError],
      [refused.execute(() => 1, {}), CircuitOpenError],
      [breaker.execute(() => Promise.reject(new Error("broken"))), /no time/],
    ]) {
      assert.ok(rejects instanceof Promise);
      await assert.rejects(rejects, error);
    }
  });

  test("that nobody handles is reported like any other rejection", () => {
    const program = `import { CircuitBreaker } from "halfopen"; const b = new CircuitBreaker("origin"); b.trip(); b.execute(() => 1);`;
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stderr, /CircuitOpenError: circuit 'origin' is open/);
  });

  test("has a stack that begins where the circuit was asked, and names who asked", async () => {
    const breaker = fragile();
    breaker.trip();
    async function whoAsks() {
      return await breaker.execute(() => 1);
    }
    const { stack } = await whoAsks().catch((error) => error);
    const [head, first, second] = stack.split("\n");
    assert.equal(head, "CircuitOpenError: circuit 'origin' is open, retry after 30.000 s");
    assert.match(first, /CircuitBreaker\.execute/);
    assert.match(second, /whoAsks/);
  });
});
