// What an abort and a timeout count as: the same by `execute`, `guardedFetch` and `withRetry`.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { CircuitBreaker, guardedFetch, ManualClock, withRetry } from "halfopen";
import { countingSignal, timers } from "./leaks.mjs";

// The timer of `AbortSignal.timeout` alone keeps no process alive; a call that hangs is not to keep it so for ever either.
const alive = setTimeout(() => {}, 20_000);
after(() => clearTimeout(alive));

const breakerOf = (failureThreshold = 9) => new CircuitBreaker("origin", { failureThreshold }, { clock: new ManualClock() });
const named = (name) => new DOMException("by the client", name);
const passed = (ms = 5) => new Promise((done) => setTimeout(done, ms));

/** An operation that ends with its signal: with the reason, or with an error of its own as some clients do. */
const hanging = (errorOf = (signal) => signal.reason) => (signal) =>
  new Promise((_, reject) => {
    const end = () => reject(errorOf(signal));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });

/** Each way to make a call that its caller can end: what it is given is the operation, the signal and a time limit. */
const WAYS = {
  execute: (breaker, operation, signal, timeoutMs) => breaker.execute(operation, { signal, timeoutMs }),
  "execute, its operation going by the signal itself": (breaker, operation, signal, timeoutMs) =>
    breaker.execute(() => operation(signal), { signal, timeoutMs }),
  guardedFetch: (breaker, operation, signal, timeoutMs) => {
    const fetch = guardedFetch(breaker, { timeoutMs, fetch: (_, init) => operation(init.signal) });
    return fetch("http://localhost/", { signal });
  },
  withRetry: (breaker, operation, signal, timeoutMs) =>
    withRetry({ circuitBreaker: breaker, attempts: 1, signal, timeoutMs })(() => operation(signal))(),
};

/** How a caller's signal ends; `reason` is what the call must reject with, `failures` what it must count. */
const ENDS = {
  "the caller aborts": { end: (controller) => controller.abort(), reason: { name: "AbortError" }, failures: 0 },
  "the caller aborts with a reason": { end: (controller) => controller.abort(new RangeError("gone")), reason: /^RangeError: gone$/, failures: 0 },
  "the caller aborts with a text": { end: (controller) => controller.abort("gone"), reason: (reason) => reason === "gone", failures: 0 },
  "its time is over": { signal: () => AbortSignal.timeout(1), reason: { name: "TimeoutError" }, failures: 1 },
  "its time is over, of several signals": {
    signal: (signal) => AbortSignal.any([signal, AbortSignal.timeout(1)]), reason: { name: "TimeoutError" }, failures: 1,
  },
  "the caller aborts, of several signals": {
    signal: (signal) => AbortSignal.any([signal, AbortSignal.timeout(60_000)]), end: (controller) => controller.abort(), reason: { name: "AbortError" }, failures: 0,
  },
  "the caller aborts, and then its time is over": {
    signal: (signal) => AbortSignal.any([signal, AbortSignal.timeout(1)]), end: (controller) => controller.abort(), reason: { name: "AbortError" }, failures: 0,
  },
};

for (const [way, call] of Object.entries(WAYS)) {
  describe(`by ${way}`, () => {
    for (const [how, { signal: signalOf = (signal) => signal, end = () => {}, reason, failures }] of Object.entries(ENDS)) {
      test(`where ${how}, the call ends with the reason and counts as ${failures === 0 ? "nothing" : "a failure"}`, async () => {
        const breaker = breakerOf();
        const controller = new AbortController();
        const made = call(breaker, hanging(), signalOf(controller.signal));
        end(controller);
        await assert.rejects(made, reason);
        assert.equal(breaker.failureCount, failures);
      });

      test(`where ${how} before the call, nothing is called and nothing counted`, async () => {
        const breaker = breakerOf();
        const controller = new AbortController();
        const signal = signalOf(controller.signal);
        end(controller);
        if (!signal.aborted) await passed();
        assert.ok(signal.aborted);
        let calls = 0;
        await assert.rejects(call(breaker, () => ++calls, signal), reason);
        assert.deepEqual([calls, breaker.failureCount], [0, 0]);
      });
    }

    test("a client's own error for it does not matter, only why the signal aborted", async () => {
      const canceled = hanging(() => Object.assign(new Error("canceled"), { name: "CanceledError" }));
      const controller = new AbortController();
      const breaker = breakerOf();
      const left = call(breaker, canceled, controller.signal);
      controller.abort();
      await assert.rejects(left);
      assert.equal(breaker.failureCount, 0);
      await assert.rejects(call(breaker, hanging(() => named("AbortError")), AbortSignal.timeout(1)));
      assert.equal(breaker.failureCount, 1);
    });

    test("an abort after its own timeout was over takes the failure not back", async () => {
      const breaker = breakerOf();
      const controller = new AbortController();
      // As a client that cleans up: its listener aborts all that belongs to the call.
      const operation = (signal) => {
        const ended = hanging()(signal);
        ended.catch(() => controller.abort());
        return ended;
      };
      await assert.rejects(call(breaker, operation, controller.signal, 1).finally(() => controller.abort()), { name: "TimeoutError" });
      assert.equal(breaker.failureCount, 1);
    });

    test("a call that went well counts as a success, though its caller goes away or its time is over just then", async () => {
      for (const end of [undefined, named("TimeoutError")]) {
        const breaker = breakerOf();
        breaker.recordFailure();
        const controller = new AbortController();
        const response = new Response();
        const made = call(breaker, async () => response, controller.signal);
        await null;
        assert.equal(await made, response);
        controller.abort(end);
        assert.equal(breaker.failureCount, 0);
      }
    });
  });
}

describe("without a signal of the call", () => {
  test("a rejection by AbortError is ignored, one by TimeoutError a failure, by `execute` and `guardedFetch`", async () => {
    for (const [name, failures] of [["AbortError", 0], ["TimeoutError", 1]]) {
      const breaker = breakerOf();
      await assert.rejects(breaker.execute(() => Promise.reject(named(name))), { name });
      await assert.rejects(breaker.execute(() => Promise.reject(named(name)), {}), { name });
      await assert.rejects(guardedFetch(breaker, { fetch: () => Promise.reject(named(name)) })("http://localhost/"), { name });
      assert.equal(breaker.failureCount, 3 * failures);
    }
  });

  test("a rejection by nothing at all is a failure", async () => {
    const breaker = breakerOf();
    for (const nothing of [undefined, null, 0]) await breaker.execute(() => Promise.reject(nothing)).then(assert.fail, () => {});
    assert.equal(breaker.failureCount, 3);
  });
});

describe("classify and fallback", () => {
  test("are asked after a timeout, by the caller's signal as by `timeoutMs`", async () => {
    for (const timed of [() => ({ timeoutMs: 1 }), () => ({ signal: AbortSignal.timeout(1) })]) {
      const breaker = breakerOf();
      const asked = [];
      const classify = ({ error }) => void asked.push(error.name);
      assert.equal(await breaker.execute(hanging(), { ...timed(), classify, fallback: ({ name }) => `instead of ${name}` }), "instead of TimeoutError");
      assert.deepEqual([asked, breaker.failureCount], [["TimeoutError"], 1]);
    }
    for (const timed of [() => ({ timeoutMs: 1 }), () => ({ signal: AbortSignal.timeout(1) })]) {
      const breaker = breakerOf();
      assert.equal(await breaker.execute(hanging(), { ...timed(), classify: () => "ignored", fallback: 1 }), 1);
      assert.equal(breaker.failureCount, 0);
    }
  });

  test("are not asked after an abort, nor where the time was over before the call", async () => {
    const never = () => assert.fail("it was asked");
    const controller = new AbortController();
    const left = breakerOf().execute(hanging(), { signal: controller.signal, classify: never, fallback: never });
    controller.abort();
    await assert.rejects(left, { name: "AbortError" });
    const signal = AbortSignal.abort(named("TimeoutError"));
    await assert.rejects(breakerOf().execute(() => 1, { signal, classify: never, fallback: never }), { name: "TimeoutError" });
  });
});

describe("withRetry", () => {
  test("tries no more when the signal's time is over, and tells nobody of another attempt", async () => {
    const breaker = breakerOf();
    const [told, idle] = [[], timers()];
    let calls = 0;
    const hang = withRetry({ circuitBreaker: breaker, signal: AbortSignal.timeout(1), onRetry: (retry) => told.push(retry) })(
      () => (calls++, new Promise(() => {})),
    );
    await assert.rejects(hang(), { name: "TimeoutError" });
    assert.deepEqual([calls, told, breaker.failureCount, timers()], [1, [], 1, idle]);
  });
});

test("an abort by who is told of the admission ends the call, uncalled, and the place is free", async () => {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker("origin", { failureThreshold: 1 }, { clock });
  const { controller, signal, listeners } = countingSignal();
  breaker.recordFailure();
  clock.advance(30_000);
  const leave = breaker.onStateChange(() => controller.abort());
  let calls = 0;
  await assert.rejects(breaker.execute(() => (calls++, new Promise(() => {})), { signal }), { name: "AbortError" });
  leave();
  assert.deepEqual([calls, breaker.state, breaker.wouldAllow(), listeners()], [0, "half_open", true, 0]);
});
