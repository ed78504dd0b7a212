// Calls at the edges: what is no time, no outcome, no fallback; and what a refusal costs nobody.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { CircuitBreaker, CircuitOpenError, guardedFetch, ManualClock, withRetry } from "halfopen";
import { timers } from "./leaks.mjs";

/** A breaker that opens at the first failure. */
const fragile = (options = {}) => new CircuitBreaker("origin", { failureThreshold: 1 }, { clock: new ManualClock(), ...options });

describe("timeoutMs", () => {
  for (const timeoutMs of [-1, NaN, "soon"]) {
    const wrong = new RangeError(`timeoutMs is ${timeoutMs}, must be 0 or more`);

    test(`${timeoutMs} is no time: nothing is called, and nothing counts`, async () => {
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
