// What the package must do in every runtime. It names nothing of a runtime but what all of them have: whoever runs it gives it
// the imported package, a breaker that was made while its module was evaluated, and the conformance vectors.
import { LACKS, runVectors } from "../vectors.mjs";

/** The cases by the sentence that each proves; each is given the package and what else `runSuite` got. */
export const CASES = {
  "a breaker made at module scope lets calls through, fails and refuses by the runtime's own clock": ({ atModuleScope }) => {
    equal(atModuleScope.state, "closed");
    equal(atModuleScope.allowRequest(), true);
    equal(atModuleScope.recordSuccess(), "recorded");
    atModuleScope.recordFailure();
    equal(atModuleScope.allowRequest(), false);
    const wait = atModuleScope.retryAfterMs;
    check(wait > 25_000 && wait <= 30_000, `to be asked again within 30 s, found ${wait} ms`);
    atModuleScope.reset();
    equal(atModuleScope.state, "closed");
  },

  "healthy calls are let through and read no clock": async ({ CircuitBreaker }) => {
    let reads = 0;
    const breaker = new CircuitBreaker("healthy", {}, { clock: { now: () => ++reads } });
    for (let call = 0; call < 100; call++) {
      equal(breaker.allowRequest(), true);
      equal(breaker.recordSuccess(), "recorded");
      equal(await breaker.execute(async () => call), call);
    }
    equal(reads, 0);
    equal(breaker.failureCount, 0);
  },

  "failures open the circuit, and a refusal says when to come back": async ({ CircuitOpenError, CircuitState, ...given }) => {
    const { breaker } = make(given, { failureThreshold: 3 });
    const broken = new Error("broken");
    for (let failure = 1; failure <= 3; failure++) {
      equal(breaker.state, CircuitState.Closed);
      equal(await errorOf(breaker.execute(() => Promise.reject(broken))), broken);
      equal(breaker.failureCount, failure);
    }
    equal(breaker.state, CircuitState.Open);
    let calls = 0;
    const refused = await errorOf(breaker.execute(() => ++calls));
    check(refused instanceof CircuitOpenError && refused instanceof Error, "an error of the class");
    equal(
      [refused.name, refused.message, refused.operationName, refused.state, refused.retryAfterMs, calls],
      ["CircuitOpenError", "circuit 'tested' is open, retry after 30.000 s", "tested", "open", 30_000, 0],
    );
    equal((await errorOf(async () => breaker.acquire())).retryAfterMs, 30_000);
    equal(breaker.tryAcquire(), null);
  },

  "a manual clock brings it to half open, where a probe closes it or opens it again": (given) => {
    const { breaker, clock } = make(given, { recoveryTimeoutSeconds: 10 });
    breaker.recordFailure();
    clock.advance(9_999);
    equal([breaker.state, breaker.wouldAllow(), breaker.retryAfterMs], ["open", false, 1]);
    clock.advance(1);
    equal([breaker.state, breaker.wouldAllow()], ["half_open", true]);
    equal([breaker.allowRequest(), breaker.allowRequest()], [true, false]);
    equal(breaker.recordFailure(), "recorded");
    equal([breaker.state, breaker.failureCount], ["open", 2]);
    clock.advance(10_000);
    equal(breaker.allowRequest(), true);
    breaker.recordSuccess();
    equal([breaker.state, breaker.failureCount], ["closed", 0]);
  },

  "the outcome of a permit counts in its own generation alone": (given) => {
    const { breaker, clock } = make(given, { probeTimeoutSeconds: 2 });
    const [late, permit] = [breaker.acquire(), breaker.tryAcquire()];
    equal([permit.failure(), permit.failure(), late.success()], ["recorded", "stale", "stale"]);
    clock.advance(30_000);
    const lost = breaker.acquire();
    equal([lost.isProbe, breaker.wouldAllow()], [true, false]);
    clock.advance(2_000);
    const probe = breaker.acquire();
    probe[Symbol.dispose ?? Symbol.for("Symbol.dispose")]();
    equal(breaker.acquire().success(), "recorded");
    equal(lost.failure(), "expired");
    equal(breaker.state, "closed");
  },

  "an aborted call counts as nothing": async (given) => {
    const { breaker } = make(given);
    const controller = new AbortController();
    const gone = new Error("gone");
    let inner;
    const call = breaker.execute((signal) => ((inner = signal), new Promise(() => {})), { signal: controller.signal });
    equal(inner.aborted, false);
    controller.abort(gone);
    equal(await errorOf(call), gone);
    equal([inner.aborted, breaker.state, breaker.failureCount], [true, "closed", 0]);
  },

  "a call that takes too long is a failure, and is told to stop": async (given) => {
    const { breaker } = make(given);
    equal(await breaker.execute(async () => 1, { timeoutMs: 60_000 }), 1);
    let inner;
    const error = await errorOf(breaker.execute((signal) => ((inner = signal), new Promise(() => {})), { timeoutMs: 5 }));
    equal([error.name, inner.aborted, breaker.state], ["TimeoutError", true, "open"]);
  },

  "a fallback stands in for a failure and a refusal": async (given) => {
    const { breaker } = make(given);
    const fallback = (error) => `instead: ${error.name}`;
    equal(await breaker.execute(() => Promise.reject(new RangeError("broken")), { fallback }), "instead: RangeError");
    equal(await breaker.execute(() => 1, { fallback }), "instead: CircuitOpenError");
    equal(await breaker.execute(() => 1, { fallback: 7 }), 7);
  },

  "a classifier says what counts, and a wrapped function keeps its arguments": async (given) => {
    const { breaker } = make(given);
    const answer = breaker.wrap(async (status) => ({ status }), {
      classify: (settled) => (settled.ok && settled.value.status >= 500 ? "failure" : undefined),
    });
    equal(await answer(200), { status: 200 });
    equal(breaker.state, "closed");
    equal(await answer(503), { status: 503 });
    equal(breaker.state, "open");
  },

  "listeners, an EventTarget and an async iterator are told of each transition once": async (given) => {
    const { breaker, clock } = make(given);
    const [told, events, iterated] = [[], [], []];
    const leave = breaker.onStateChange((transition) => told.push(transition));
    breaker.events.addEventListener("statechange", (event) => events.push(event.detail.to));
    const changes = breaker.stateChanges();
    breaker.recordFailure();
    clock.advance(30_000);
    breaker.allowRequest();
    leave();
    breaker.recordSuccess();
    equal(told.map(({ from, to, reason, generation }) => [from, to, reason, generation]), [
      ["closed", "open", "consecutive_failures", 1],
      ["open", "half_open", "recovery_timeout", 2],
    ]);
    equal(events, ["open", "half_open", "closed"]);
    for await (const change of changes) if (iterated.push(change.to) === 3) break;
    equal(iterated, events);
  },

  "a snapshot goes over JSON to another breaker and another clock": (given) => {
    const { breaker, clock } = make(given);
    breaker.recordFailure();
    clock.advance(10_000);
    const text = JSON.stringify(breaker.snapshot());
    equal(
      text,
      '{"version":1,"state":"open","mode":"normal","failure_count":1,"successes":0,"remaining_ms":20000,"last_failure_ago_ms":10000}',
    );
    const other = make(given, {}, 5_000_000).breaker;
    other.restore(text);
    equal([other.state, other.allowRequest(), other.retryAfterMs], ["open", false, 20_000]);
    equal((errorThrown(() => other.restore({ version: 2 })) ?? {}).name, "TypeError");
  },

  "every rule opens where it should": (given) => {
    for (const [name, config, opens, record = (breaker) => breaker.recordFailure()] of [
      ["consecutive", { failureThreshold: 4 }, 4],
      ["consecutive_slow", { failureThreshold: 4, slowCallDurationSeconds: 1 }, 4, (breaker) => breaker.recordAfter("success", 1_001)],
      ["count_window", { slidingWindowSize: 20, minimumCalls: 8 }, 8],
      ["time_window", { slidingWindowSeconds: 60, minimumCalls: 6 }, 6],
      ["slow calls in a window", { minimumCalls: 5, slowCallDurationSeconds: 1, slowCallRateThreshold: 50 }, 5, (breaker) => breaker.recordAfter("success", 2_000)],
      ["adaptive", { failureThreshold: 2, recoveryMultiplierPercent: 200 }, 2],
    ]) {
      const { breaker } = make(given, { failureThreshold: undefined, ...config });
      let calls = 0;
      while (breaker.state === "closed" && calls < 100) {
        calls += 1;
        record(breaker);
      }
      equal([name, calls], [name, opens]);
    }
  },

  "times open grow where they should, and a ramp-up lets a share through": (given) => {
    const { breaker, clock } = make(given, { recoveryMultiplierPercent: 200, rampUpSeconds: 10, recoveryTimeoutSeconds: 1 });
    breaker.recordFailure();
    for (const wait of [1_000, 2_000, 4_000]) {
      equal(breaker.retryAfterMs, wait);
      clock.advance(wait);
      breaker.acquire().failure();
    }
    clock.advance(8_000);
    breaker.acquire().success();
    equal([breaker.state, breaker.reopenings], ["closed", 0]);
    let through = 0;
    for (let call = 0; call < 1_000; call++) through += breaker.tryAcquire() === null ? 0 : 1;
    check(through > 20 && through < 400, `about a tenth of 1,000 to be let through, found ${through}`);
  },

  "the modes of operators last until a reset": (given) => {
    const { breaker } = make(given);
    breaker.isolate();
    equal([breaker.mode, breaker.allowRequest(), breaker.retryAfterMs], ["isolated", false, null]);
    breaker.disable();
    equal([breaker.recordFailure(), breaker.allowRequest()], ["disabled", true]);
    breaker.shadow();
    breaker.recordFailure();
    equal([breaker.state, breaker.allowRequest()], ["open", true]);
    breaker.reset();
    equal([breaker.mode, breaker.state], ["normal", "closed"]);
    breaker.trip();
    equal([breaker.mode, breaker.state, breaker.allowRequest()], ["normal", "open", false]);
  },

  "a wrong configuration is refused with its field": ({ CircuitBreaker }) => {
    const error = errorThrown(() => new CircuitBreaker("wrong", { failureThreshold: 0 }));
    check(error instanceof RangeError, "a RangeError");
    equal(error.message, "failure_threshold is 0, must be 1 to 1023");
  },

  "many breakers come and go, and one that was freed says so": (given) => {
    for (let round = 0; round < 20_000; round++) new given.CircuitBreaker("short-lived", { slidingWindowSize: 1_024 }).free();
    const { breaker } = make(given);
    breaker.free();
    breaker.free();
    equal(errorThrown(() => breaker.allowRequest())?.message, "circuit 'tested' was freed");
  },

  "the conformance vectors": ({ vectors, ...halfopen }, tell) => {
    const { passed, failed, ignored, checks } = runVectors(halfopen, vectors);
    tell({ vectors: { passed: passed.length, failed: failed.length, ignored: ignored.map(({ name }) => name), checks } });
    equal(failed.slice(0, 5), []);
    equal(ignored.filter(({ why }) => !Object.values(LACKS).includes(why)), []);
    equal(passed.length + ignored.length, vectors.length);
  },
};

/**
 * Runs every case, and goes on after one that fails. Gives `{ results: [{ name, error? }], vectors }`, which survives JSON.
 *
 * @param halfopen the imported package
 * @param given `atModuleScope`: a breaker with `AT_MODULE_SCOPE`; `vectors`: all of them
 */
export async function runSuite(halfopen, given) {
  const report = { results: [] };
  for (const [name, run] of Object.entries(CASES)) {
    await runCase(report.results, name, () => run({ ...halfopen, ...given }, (told) => Object.assign(report, told)));
  }
  return report;
}

/** The configuration of the breaker that is made at module scope. */
export const AT_MODULE_SCOPE = { failureThreshold: 1, recoveryTimeoutSeconds: 30 };

/** Runs one case, of this suite or of a runtime's own, and adds how it went. */
export async function runCase(results, name, run) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${CASE_MS} ms`)), CASE_MS);
  });
  try {
    await Promise.race([run(), late]);
    results.push({ name });
  } catch (error) {
    // Not every engine has the message in the stack.
    results.push({ name, error: `${error}\n${error?.stack ?? ""}` });
  } finally {
    clearTimeout(timer);
  }
}

/** How long a case may take, in milliseconds: far more than the slowest does. */
const CASE_MS = 20_000;

/** Throws unless both are the same data. */
export function equal(found, expected) {
  if (Object.is(found, expected)) return;
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
  if (one === undefined || one !== other || typeof found !== typeof expected || found instanceof Error) {
    throw new Error(`expected ${other ?? String(expected)}, found ${found instanceof Error ? String(found) : one}`);
  }
}

function check(condition, what) {
  if (!condition) throw new Error(`expected ${what}`);
}

/** A breaker that opens at the first failure, and its clock. */
function make({ CircuitBreaker, ManualClock }, config = {}, now = 1_000) {
  const clock = new ManualClock(now);
  return { clock, breaker: new CircuitBreaker("tested", { failureThreshold: 1, ...config }, { clock }) };
}

/** What it rejects with. */
async function errorOf(call) {
  try {
    await (typeof call === "function" ? call() : call);
  } catch (error) {
    return error;
  }
  throw new Error("expected an error, found none");
}

function errorThrown(run) {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
