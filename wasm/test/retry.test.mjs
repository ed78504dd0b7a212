// Retries, by a manual clock and a sleep that moves it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CircuitBreaker, CircuitOpenError, ManualClock, withRetry } from "halfopen";
import { countingSignal, timers } from "./leaks.mjs";

/** A breaker that opens at the `failureThreshold`-th failure, and options whose sleep only writes down for how long. */
function setUp(failureThreshold, options = {}, config = {}) {
  const clock = new ManualClock(1_000);
  const breaker = new CircuitBreaker("fetch", { failureThreshold, ...config }, { clock });
  const slept = [];
  const sleep = async (ms) => {
    slept.push(ms);
    clock.advance(ms);
  };
  return { clock, breaker, slept, options: { circuitBreaker: breaker, sleep, clock, jitter: "none", ...options } };
}

/** Fails `times` times, then gives its arguments; counts its calls. */
function failing(times) {
  const operation = async (...args) => {
    if (++operation.calls <= times) throw new Error(`broken ${operation.calls}`);
    return args;
  };
  operation.calls = 0;
  return operation;
}

describe("withRetry", () => {
  test("tries again with exponential backoff, and gives arguments, `this` and value on", async () => {
    const { options, slept, breaker } = setUp(10, { attempts: 4, backoff: 50 });
    const operation = failing(3);
    assert.deepEqual(await withRetry(options)(operation)(1, "two"), [1, "two"]);
    assert.deepEqual([slept, operation.calls, breaker.failureCount], [[50, 100, 200], 4, 0]);
    const object = { base: 40, add: withRetry(options)(function (more) { return this.base + more; }) };
    assert.equal(await object.add(2), 42);
  });

  test("each attempt is recorded once", async () => {
    const { options, breaker } = setUp(10, { attempts: 3 });
    await assert.rejects(withRetry(options)(failing(9))(), /^Error: broken 3$/);
    assert.equal(breaker.failureCount, 3);
  });

  test("three attempts and 100 ms by default, less by chance", async () => {
    const chances = [0.25, 0.5];
    const { options, slept } = setUp(10, { jitter: undefined, random: () => chances.shift() });
    await assert.rejects(withRetry(options)(failing(9))(), /broken 3/);
    assert.deepEqual(slept, [25, 100]);
  });

  test("half of the backoff is left to chance where that is asked", async () => {
    const { options, slept } = setUp(10, { jitter: "equal", random: () => 0.5 });
    await assert.rejects(withRetry(options)(failing(9))(), /broken 3/);
    assert.deepEqual(slept, [75, 150]);
  });

  test("no backoff is longer than maxDelayMs, and one that is no time is none", async () => {
    const long = setUp(50, { attempts: 12, backoff: 1_000, maxDelayMs: 5_000 });
    await assert.rejects(withRetry(long.options)(failing(99))(), /broken 12/);
    assert.deepEqual(long.slept, [1_000, 2_000, 4_000, ...Array(8).fill(5_000)]);
    const told = [];
    const odd = setUp(50, { attempts: 4, backoff: (attempt, settled) => (told.push(settled.error.message), [7, NaN, -1][attempt - 1]) });
    await assert.rejects(withRetry(odd.options)(failing(99))(), /broken 4/);
    assert.deepEqual([odd.slept, told], [[7], ["broken 1", "broken 2", "broken 3"]]);
  });

  test("an ignored outcome is not tried again, a value that counts as a failure is", async () => {
    const { options, slept, breaker } = setUp(10, {
      classify: (settled) => (settled.ok ? (settled.value >= 500 ? "failure" : "success") : "ignored"),
    });
    await assert.rejects(withRetry(options)(failing(9))(), /broken 1/);
    assert.deepEqual([slept, breaker.failureCount], [[], 0]);
    const answers = [500, 503, 200];
    assert.equal(await withRetry(options)(() => answers.shift())(), 200);
    assert.equal(await withRetry(options)(() => 502)(), 502);
    assert.deepEqual([slept.length, breaker.failureCount], [4, 3]);
  });

  test("retryIf decides, and is not asked after the last attempt", async () => {
    const asked = [];
    const retryIf = (settled, attempt) => (asked.push([settled.error.message, attempt]), attempt < 2);
    const { options } = setUp(10, { attempts: 9, retryIf });
    await assert.rejects(withRetry(options)(failing(9))(), /broken 2/);
    assert.deepEqual(asked, [["broken 1", 1], ["broken 2", 2]]);
    asked.length = 0;
    await assert.rejects(withRetry({ ...options, attempts: 1 })(failing(9))(), /broken 1/);
    assert.deepEqual(asked, []);
  });

  test("onRetry is told what was, and how long it waits", async () => {
    const retries = [];
    const { options } = setUp(10, { onRetry: (retry) => retries.push(retry) });
    await withRetry(options)(failing(1))();
    assert.deepEqual(retries, [{ attempt: 1, settled: { ok: false, error: new Error("broken 1") }, delayMs: 100 }]);
  });

  test("an error of classify ends it, and counts as a failure", async () => {
    const { options, breaker, slept } = setUp(10, { classify: () => { throw new Error("classify"); } });
    await assert.rejects(withRetry(options)(() => 1)(), /classify/);
    assert.deepEqual([breaker.failureCount, slept], [1, []]);
  });

  test("an error of onRetry ends it", async () => {
    const { options, slept } = setUp(10, { onRetry: () => { throw new Error("onRetry"); } });
    await assert.rejects(withRetry(options)(failing(9))(), /^Error: onRetry$/);
    assert.deepEqual(slept, []);
  });

  const count = "a whole number, 1 or more";
  for (const [field, value, least] of [
    ...[0, 1.5, NaN, Infinity].map((value) => ["attempts", value, count]),
    ...[["backoff", -1], ["backoff", null], ["maxDelayMs", NaN], ["maxDelayMs", null], ["deadlineMs", -5], ["deadlineMs", null]].map(([field, value]) => [field, value, "0 or more"]),
  ]) {
    test(`${field}: ${value} is refused`, () => {
      const { options } = setUp(1);
      assert.throws(() => withRetry({ ...options, [field]: value }), new RangeError(`${field} is ${value}, must be ${least}`));
    });
  }

  test("a jitter that there is not is refused", () => {
    assert.throws(() => withRetry({ jitter: "some" }), new TypeError("jitter is some, must be one of full, equal, none"));
  });
});

describe("an open circuit", () => {
  test("ends it at once, without a backoff, with the error before as the cause", async () => {
    const { options, slept } = setUp(2, { attempts: 9 });
    const operation = failing(9);
    const refused = await withRetry(options)(operation)().catch((error) => error);
    assert.ok(refused instanceof CircuitOpenError);
    assert.deepEqual([refused.state, refused.retryAfterMs, refused.cause.message], ["open", 30_000, "broken 2"]);
    assert.deepEqual([operation.calls, slept], [2, [100]]);
  });

  test("is waited out by a backoff that is longer", async () => {
    const { options, slept, breaker } = setUp(1, { attempts: 3, backoff: 400 }, { recoveryTimeoutSeconds: 0.3 });
    assert.deepEqual(await withRetry(options)(failing(1))("well"), ["well"]);
    assert.deepEqual([slept, breaker.state], [[400], "closed"]);
  });

  test("is waited for where that is asked; a refusal is no attempt", async () => {
    const { options, slept, breaker } = setUp(1, { attempts: 3, waitWhileOpen: true, deadlineMs: 60_000 });
    const operation = failing(2);
    assert.deepEqual(await withRetry(options)(operation)("well"), ["well"]);
    assert.deepEqual([slept, operation.calls, breaker.state], [[30_000, 30_000], 3, "closed"]);
  });

  test("is not waited for beyond the deadline, which is a minute by default", async () => {
    for (const [deadlineMs, waits] of [[29_999, []], [30_000, [30_000]], [undefined, [30_000, 30_000]], [Infinity, Array(8).fill(30_000)]]) {
      const { options, slept } = setUp(1, { attempts: 9, waitWhileOpen: true, deadlineMs });
      await assert.rejects(withRetry(options)(failing(99))(), deadlineMs === Infinity ? /broken 9/ : CircuitOpenError);
      assert.deepEqual(slept, waits, String(deadlineMs));
    }
  });

  test("that is isolated is not waited for", async () => {
    const { options, breaker, slept } = setUp(1, { waitWhileOpen: true, deadlineMs: Infinity });
    breaker.isolate();
    await assert.rejects(withRetry(options)(failing(0))(), { name: "CircuitOpenError", retryAfterMs: null });
    assert.deepEqual(slept, []);
  });

  test("that the operation meets ends it, or is waited for, too", async () => {
    const inner = setUp(1);
    const guarded = (...args) => inner.breaker.execute(() => operation(...args));
    let operation = failing(9);
    const { options, breaker, slept } = setUp(9, { attempts: 9, clock: inner.clock, sleep: inner.options.sleep });
    await assert.rejects(withRetry(options)(guarded)(), ({ name, cause }) => name === "CircuitOpenError" && cause.message === "broken 1");
    assert.deepEqual([operation.calls, breaker.failureCount, inner.slept, slept], [1, 2, [100], []]);
    operation = failing(0);
    assert.deepEqual(await withRetry({ ...options, waitWhileOpen: true })(guarded)("well"), ["well"]);
    assert.deepEqual(inner.slept, [100, 29_900]);
  });

  test("of the operation's own is enough: withRetry needs no breaker then", async () => {
    const { breaker, clock, slept, options } = setUp(2);
    const { circuitBreaker: _, ...rest } = options;
    const guarded = breaker.wrap(failing(99));
    await assert.rejects(withRetry({ ...rest, attempts: 9 })(guarded)(), ({ state, cause }) => state === "open" && cause.message === "broken 2");
    assert.deepEqual([slept, breaker.failureCount], [[100, 200], 2]);
    clock.advance(30_000);
    assert.deepEqual(await withRetry(rest)(breaker.wrap(failing(0)))(1), [1]);
    assert.equal(breaker.state, "closed");
    const plain = failing(8);
    assert.deepEqual([await withRetry({ ...rest, attempts: 9 })(plain)(2), plain.calls], [[2], 9]);
  });

  test("whose probe is another's is waited for until that closes it, no longer", async () => {
    const { clock, breaker } = setUp(1);
    breaker.recordFailure();
    clock.advance(30_000);
    const probe = breaker.acquire();
    const sleeps = [];
    const sleep = (ms, signal) => new Promise(() => sleeps.push([ms, signal]));
    const call = withRetry({ circuitBreaker: breaker, waitWhileOpen: true, sleep, clock })(async () => 7)();
    await new Promise(setImmediate);
    assert.deepEqual(sleeps.map(([ms]) => ms), [30_000]);
    probe.success();
    assert.equal(await call, 7);
    assert.equal(sleeps[0][1].aborted, true);
  });

  test("that is tried by another caller is not asked again before it closes", async () => {
    const { clock, breaker } = setUp(1);
    breaker.recordFailure();
    let refusals = 0;
    breaker.onRefused(() => refusals++);
    const sleep = () => new Promise(() => {});
    const call = withRetry({ circuitBreaker: breaker, waitWhileOpen: true, sleep, clock })(async () => 7)();
    await new Promise(setImmediate);
    clock.advance(30_000);
    const probe = breaker.acquire();
    await new Promise(setImmediate);
    assert.equal(refusals, 1);
    probe.success();
    assert.equal(await call, 7);
  });

  test("that says to come back now is not asked without a pause", async () => {
    const { options, slept } = setUp(9, { waitWhileOpen: true });
    const answers = [0, 0.25];
    const operation = () => {
      if (answers.length > 0) throw new CircuitOpenError("other", "open", answers.shift());
      return 7;
    };
    assert.equal(await withRetry(options)(operation)(), 7);
    assert.deepEqual(slept, [1, 1]);
  });

  test("keeps no waiting caller's listener", async () => {
    const { options, breaker } = setUp(1, { waitWhileOpen: true });
    let [listening, most] = [0, 0];
    breaker.onStateChange = (listener) => {
      const leave = CircuitBreaker.prototype.onStateChange.call(breaker, listener);
      most = Math.max(most, ++listening);
      let left = false;
      return () => { if (!left) listening--; left = true; leave(); };
    };
    await withRetry(options)(failing(1))();
    assert.deepEqual([listening, most], [0, 1]);
  });
});

describe("its signal", () => {
  test("that was aborted before: nothing is called", async () => {
    const gone = new Error("gone");
    const { options } = setUp(1, { signal: AbortSignal.abort(gone) });
    const operation = failing(0);
    await assert.rejects(withRetry(options)(operation)(), gone);
    assert.equal(operation.calls, 0);
  });

  for (const [what, failureThreshold, options] of [
    ["a backoff", 10, { backoff: 60_000, maxDelayMs: 60_000 }],
    ["an open circuit", 1, { waitWhileOpen: true, deadlineMs: Infinity }],
  ]) {
    test(`ends the wait for ${what} at once, and leaves no timer and no listener`, async () => {
      const before = timers();
      const { controller, signal, listeners } = countingSignal();
      const { breaker } = setUp(failureThreshold);
      const call = withRetry({ circuitBreaker: breaker, jitter: "none", signal, ...options })(failing(9))();
      await waiting(before + 1);
      assert.ok(listeners() > 0);
      const gone = new Error("gone");
      controller.abort(gone);
      await assert.rejects(call, gone);
      assert.deepEqual([timers(), listeners()], [before, 0]);
    });
  }

  test("ends a wait even if an injected sleep takes no notice", async () => {
    const controller = new AbortController();
    const { options } = setUp(10, { sleep: () => new Promise(() => {}), signal: controller.signal });
    const call = withRetry(options)(failing(9))();
    const gone = new Error("gone");
    setImmediate(() => controller.abort(gone));
    await assert.rejects(call, gone);
  });

  test("ends a wait that has not begun", async () => {
    const controller = new AbortController();
    const gone = new Error("gone");
    const options = { signal: controller.signal, sleep: () => new Promise(() => {}), onRetry: () => controller.abort(gone) };
    await assert.rejects(withRetry(setUp(10, options).options)(failing(9))(), gone);
  });

  test("is needed for a wait that is longer than a timer can be, for that does not end at once", async () => {
    const controller = new AbortController();
    const { breaker } = setUp(10);
    const operation = failing(9);
    const long = { backoff: Infinity, maxDelayMs: Infinity, jitter: "none", signal: controller.signal };
    const call = withRetry({ circuitBreaker: breaker, ...long })(operation)();
    await new Promise((done) => setTimeout(done, 10));
    assert.equal(operation.calls, 1);
    controller.abort();
    await assert.rejects(call, { name: "AbortError" });
  });

  test("ends an attempt, which counts as nothing", async () => {
    const controller = new AbortController();
    const { options, breaker } = setUp(1, { signal: controller.signal });
    const call = withRetry(options)(() => new Promise(() => {}))();
    const gone = new Error("gone");
    controller.abort(gone);
    await assert.rejects(call, gone);
    assert.deepEqual([breaker.state, breaker.failureCount], ["closed", 0]);
  });

  test("is left alone by a call that goes well, and no timer stays", async () => {
    const before = timers();
    const { signal, listeners } = countingSignal();
    const { breaker } = setUp(10);
    assert.deepEqual(await withRetry({ circuitBreaker: breaker, backoff: 1, signal, timeoutMs: 60_000 })(failing(2))(), []);
    assert.deepEqual([timers(), listeners()], [before, 0]);
  });

  test("an attempt that takes too long is a failure, and tried again", async () => {
    const { options, breaker, slept } = setUp(10, { timeoutMs: 1, attempts: 2 });
    await assert.rejects(withRetry(options)(() => new Promise(() => {}))(), { name: "TimeoutError" });
    assert.deepEqual([breaker.failureCount, slept], [2, [100]]);
  });
});

/** Until so many timers run. */
async function waiting(count) {
  for (let turns = 0; timers() !== count; turns++) {
    assert.ok(turns < 1_000, `${timers()} timers, not ${count}`);
    await new Promise(setImmediate);
  }
}
