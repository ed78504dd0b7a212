// What the peers get wrong, shown by them, and right beside it by ours. Their versions are those of bench/package-lock.json.
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import * as cockatiel from "cockatiel";
import { CircuitBreaker, CircuitOpenError, ManualClock } from "halfopen";
import Opossum from "opossum";

const SECOND = 1_000;
const broken = () => Promise.reject(new Error("broken"));

const cockatiels = (options = {}) =>
  cockatiel.circuitBreaker(cockatiel.handleAll, { halfOpenAfter: SECOND, breaker: new cockatiel.ConsecutiveBreaker(1), ...options });
const opossums = (action, options = {}) =>
  new Opossum(action, { timeout: false, resetTimeout: SECOND, errorThresholdPercentage: 1, ...options });

function ours() {
  const clock = new ManualClock();
  const config = { failureThreshold: 1, recoveryTimeoutSeconds: 1 };
  return { clock, breaker: new CircuitBreaker("fault", config, { clock }) };
}

/** A promise, and what ends it. */
function defer() {
  const deferred = {};
  deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }));
  return deferred;
}

/** How many of the promises have ended by now. */
async function ended(promises) {
  let count = 0;
  for (const promise of promises) promise.then(() => count++, () => count++);
  await setImmediate();
  return count;
}

beforeEach(() => mock.timers.enable({ apis: ["Date", "setTimeout", "setInterval"] }));
afterEach(() => mock.timers.reset());

describe("a probe that hangs", () => {
  test("cockatiel parks every later caller for ever", async () => {
    const policy = cockatiels();
    await policy.execute(broken).catch(() => {});
    mock.timers.tick(SECOND);
    void policy.execute(() => new Promise(() => {}));
    const callers = Array.from({ length: 100 }, () => policy.execute(async () => 7));
    mock.timers.tick(3600 * SECOND);
    assert.equal(await ended(callers), 0);
    assert.equal(await ended([policy.execute(async () => 7)]), 0);
  });

  test("opossum without its timeout refuses every later caller for ever", async () => {
    const breaker = opossums((what) => (what === "hang" ? new Promise(() => {}) : what === "fail" ? broken() : 7));
    await breaker.fire("fail").catch(() => {});
    mock.timers.tick(SECOND);
    assert.equal(breaker.halfOpen, true);
    void breaker.fire("hang");
    mock.timers.tick(3600 * SECOND);
    await assert.rejects(breaker.fire("fine"), /Breaker is open/);
    breaker.shutdown();
  });

  test("ours refuses at once, and another caller takes the probe's place when its lease has run out", async () => {
    const { breaker, clock } = ours();
    await breaker.execute(broken).catch(() => {});
    clock.advance(SECOND);
    void breaker.execute(() => new Promise(() => {}));
    const callers = Array.from({ length: 100 }, () => breaker.execute(async () => 7));
    assert.equal(await ended(callers), 100);
    await assert.rejects(callers[0], CircuitOpenError);
    clock.advance(SECOND);
    assert.equal(await breaker.execute(async () => 7), 7);
    assert.equal(breaker.state, "closed");
  });
});

describe("a result from before the opening", () => {
  test("opossum takes a success of then for a probe of now, and closes", async () => {
    const slow = defer();
    const breaker = opossums((what) => (what === "slow" ? slow.promise : broken()));
    const call = breaker.fire("slow");
    await breaker.fire("fail").catch(() => {});
    mock.timers.tick(SECOND);
    assert.equal(breaker.halfOpen, true);
    slow.resolve(7);
    await call;
    // No probe was made.
    assert.equal(breaker.closed, true);
    breaker.shutdown();
  });

  test("cockatiel takes a failure of then for one of now, and opens again while a probe is out", async () => {
    const [slow, probe] = [defer(), defer()];
    const policy = cockatiels();
    const call = policy.execute(() => slow.promise).catch(() => {});
    await policy.execute(broken).catch(() => {});
    mock.timers.tick(SECOND);
    const probing = policy.execute(() => probe.promise);
    assert.equal(policy.state, cockatiel.CircuitState.HalfOpen);
    slow.reject(new Error("late"));
    await call;
    assert.equal(policy.state, cockatiel.CircuitState.Open);
    probe.resolve(7);
    await probing;
    // The service works, and the probe said so.
    assert.equal(policy.state, cockatiel.CircuitState.Open);
  });

  test("to ours both say nothing, and the probe decides", async () => {
    const { breaker, clock } = ours();
    const [good, bad, probe] = [defer(), defer(), defer()];
    const late = [];
    breaker.onLate((receipt) => late.push(receipt));
    const calls = [breaker.execute(() => good.promise), breaker.execute(() => bad.promise).catch(() => {})];
    await breaker.execute(broken).catch(() => {});
    clock.advance(SECOND);
    const probing = breaker.execute(() => probe.promise);
    good.resolve(7);
    bad.reject(new Error("late"));
    await Promise.all(calls);
    assert.deepEqual([breaker.state, late], ["half_open", ["stale", "stale"]]);
    probe.resolve(7);
    await probing;
    assert.equal(breaker.state, "closed");
  });
});

describe("a runtime that refuses timers at module scope", () => {
  const names = ["setTimeout", "setInterval", "setImmediate"];
  const real = Object.fromEntries(names.map((name) => [name, globalThis[name]]));
  const refusing = (work) => {
    for (const name of names) globalThis[name] = () => { throw new Error("disallowed operation called within global scope"); };
    try {
      return work();
    } finally {
      Object.assign(globalThis, real);
    }
  };

  test("opossum cannot be constructed there", () => {
    mock.timers.reset();
    assert.throws(() => refusing(() => opossums(broken)), /global scope/);
  });

  test("ours lives there, and so does cockatiel", () => {
    mock.timers.reset();
    refusing(() => {
      const { breaker, clock } = ours();
      breaker.trip();
      clock.advance(SECOND);
      breaker.tryAcquire().success();
      assert.equal(breaker.state, "closed");
      assert.equal(cockatiels().state, cockatiel.CircuitState.Closed);
    });
  });
});

describe("a state that is restored", () => {
  test("opossum reads half open, if it was opened longer after it was made than it stays open", async () => {
    const breaker = opossums(broken);
    mock.timers.tick(10 * SECOND);
    await breaker.fire().catch(() => {});
    assert.equal(breaker.opened, true);
    const { state } = breaker.toJSON();
    const restored = opossums(broken, { state });
    assert.equal(restored.halfOpen, true);
    for (const it of [breaker, restored]) it.shutdown();
  });

  test("ours is open for as long as it still had to be", async () => {
    const { breaker, clock } = ours();
    clock.advance(10 * SECOND);
    await breaker.execute(broken).catch(() => {});
    clock.advance(100);
    const { breaker: restored } = ours();
    restored.restore(JSON.stringify(breaker.snapshot()));
    assert.deepEqual([restored.state, restored.retryAfterMs], ["open", SECOND - 100]);
  });
});

describe("a caller who goes away while it probes", () => {
  const aborting = () => {
    const controller = new AbortController();
    const hang = ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    return { controller, hang };
  };

  test("cockatiel opens again, though nobody knows whether the service works", async () => {
    const policy = cockatiels();
    await policy.execute(broken).catch(() => {});
    mock.timers.tick(SECOND);
    const { controller, hang } = aborting();
    const call = policy.execute(hang, controller.signal).catch(() => {});
    controller.abort();
    await call;
    assert.equal(policy.state, cockatiel.CircuitState.Open);
  });

  test("ours gives the place to the next caller", async () => {
    const { breaker, clock } = ours();
    breaker.trip();
    clock.advance(SECOND);
    const { controller, hang } = aborting();
    const call = breaker.execute((signal) => hang({ signal }), { signal: controller.signal }).catch(() => {});
    controller.abort();
    await call;
    assert.deepEqual([breaker.state, breaker.wouldAllow()], ["half_open", true]);
  });
});
