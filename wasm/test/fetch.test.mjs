// A guarded fetch, against real servers on this machine.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { CircuitBreaker, CircuitBreakerRegistry, CircuitOpenError, guardedFetch, ManualClock, withRetry } from "halfopen";
import { countingSignal, timers } from "./leaks.mjs";

/** A server that answers as the path says: `/503`, `/hang`, `/cut` (no response), `/half` (half a body). */
async function serve() {
  const seen = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://localhost");
    seen.push(`${request.method} ${pathname}`);
    const headers = Object.fromEntries(searchParams);
    if (pathname === "/hang") return;
    if (pathname === "/cut") return void request.socket.destroy();
    if (pathname === "/half") {
      response.writeHead(200, { "content-length": 100 });
      return void response.write("half");
    }
    response.writeHead(Number(pathname.slice(1)), headers).end("body");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const close = () => (server.closeAllConnections(), new Promise((done) => server.close(done)));
  return { origin: `http://127.0.0.1:${server.address().port}`, seen, close };
}

let one, two;
before(async () => ([one, two] = await Promise.all([serve(), serve()])));
after(() => Promise.all([one.close(), two.close()]));

/** A fetch through a breaker that opens at the first failure. */
function setUp(options = {}, config = {}) {
  const clock = new ManualClock(1_000);
  const breaker = new CircuitBreaker("api", { failureThreshold: 1, adaptive: true, ...config }, { clock });
  return { clock, breaker, fetch: guardedFetch(breaker, options) };
}

describe("what counts", () => {
  for (const [status, failures] of [[200, 0], [301, 0], [400, 1], [404, 1], [408, 1], [418, 1], [429, 2], [500, 2], [503, 2], [599, 2]]) {
    const word = ["a success", "nothing", "a failure"][failures];
    test(`${status} is ${word}, and the response is given`, async () => {
      const { breaker, fetch } = setUp({}, { failureThreshold: 9 });
      breaker.recordFailure();
      const response = await fetch(`${one.origin}/${status}`, { redirect: "manual" });
      assert.deepEqual([response.status, await response.text()], [status, "body"]);
      assert.equal(breaker.failureCount, failures);
    });
  }

  test("a network error is a failure, and then nothing is sent", async () => {
    const { breaker, fetch } = setUp();
    await assert.rejects(fetch(`${one.origin}/cut`), TypeError);
    assert.equal(breaker.state, "open");
    one.seen.length = 0;
    const refused = await fetch(`${one.origin}/200`).catch((error) => error);
    assert.ok(refused instanceof CircuitOpenError);
    assert.deepEqual([refused.operationName, refused.retryAfterMs, one.seen], ["api", 30_000, []]);
  });

  test("a refused connection is a failure", async () => {
    const gone = await serve();
    await gone.close();
    const { breaker, fetch } = setUp();
    await assert.rejects(fetch(`${gone.origin}/200`), TypeError);
    assert.equal(breaker.state, "open");
  });

  test("a classifier says it, or leaves it to the rule", async () => {
    const classify = (response) => ({ 404: "failure", 503: "ignored" })[response.status];
    const { breaker, fetch } = setUp({ classify }, { failureThreshold: 9 });
    for (const status of [503, 404, 500]) await (await fetch(`${one.origin}/${status}`)).text();
    assert.equal(breaker.failureCount, 2);
  });

  test("an error of the classifier is thrown, and the request counts as a failure", async () => {
    const { breaker, fetch } = setUp({ classify: () => { throw new Error("classify"); } });
    await assert.rejects(fetch(`${one.origin}/200`), /^Error: classify$/);
    assert.equal(breaker.state, "open");
  });

  test("a probe that is refused by a 404 gives its place back, and the next one closes the circuit", async () => {
    const { breaker, clock, fetch } = setUp();
    breaker.recordFailure();
    clock.advance(30_000);
    await (await fetch(`${one.origin}/404`)).text();
    assert.equal(breaker.state, "half_open");
    await (await fetch(`${one.origin}/200`)).text();
    assert.equal(breaker.state, "closed");
  });

  test("an error while the body is read is not its business", async () => {
    const { breaker, fetch } = setUp();
    const controller = new AbortController();
    const response = await fetch(`${one.origin}/half`, { signal: controller.signal });
    controller.abort();
    await assert.rejects(response.text(), { name: "AbortError" });
    assert.deepEqual([breaker.state, breaker.failureCount], ["closed", 0]);
  });
});

describe("an abort", () => {
  test("before: nothing is sent, no permit is taken", async () => {
    const { fetch } = setUp();
    one.seen.length = 0;
    const gone = new Error("gone");
    await assert.rejects(fetch(`${one.origin}/200`, { signal: AbortSignal.abort(gone) }), gone);
    await assert.rejects(fetch(new Request(`${one.origin}/200`, { signal: AbortSignal.abort(gone) })), gone);
    assert.deepEqual(one.seen, []);
    let calls = 0;
    const deaf = setUp({ fetch: async () => (calls++, new Response()) });
    await assert.rejects(deaf.fetch("http://localhost/", { signal: AbortSignal.abort(gone) }), gone);
    assert.equal(calls, 0);
  });

  for (const [how, options] of [["without a timeout", {}], ["with one", { timeoutMs: 60_000 }]]) {
    test(`${how} is ignored, by init or by the request, and leaves no timer and no listener of ours`, async () => {
      const { breaker, fetch } = setUp({ ...options, fetch: hanging });
      const idle = timers();
      const { controller, signal, listeners } = countingSignal();
      const call = fetch("http://localhost/", { signal });
      const gone = new Error("gone");
      controller.abort(gone);
      await assert.rejects(call, gone);
      assert.deepEqual([timers(), listeners(), breaker.failureCount], [idle, 0, 0]);

      const other = new AbortController();
      const real = setUp(options);
      const hung = real.fetch(new Request(`${one.origin}/hang`, { signal: other.signal }));
      other.abort();
      await assert.rejects(hung, { name: "AbortError" });
      assert.deepEqual([timers(), real.breaker.failureCount], [idle, 0]);
    });

    test(`${how} ends the body, too`, async () => {
      const { fetch } = setUp(options);
      const controller = new AbortController();
      const response = await fetch(`${one.origin}/half`, { signal: controller.signal });
      const body = response.text();
      controller.abort();
      await assert.rejects(body, { name: "AbortError" });
    });
  }

  test("by a deadline is a failure: it was the server that took too long", async () => {
    const { breaker, fetch } = setUp();
    await assert.rejects(fetch(`${one.origin}/hang`, { signal: AbortSignal.timeout(5) }), { name: "TimeoutError" });
    assert.equal(breaker.state, "open");
  });

  test("of a request whose signal was taken off by init does nothing", async () => {
    const { fetch } = setUp();
    const request = new Request(`${one.origin}/200`, { signal: AbortSignal.abort() });
    assert.equal((await fetch(request, { signal: null })).status, 200);
  });
});

describe("timeoutMs", () => {
  test("ends a request without a response, which is a failure", async () => {
    const { breaker, fetch } = setUp({ timeoutMs: 5 });
    const idle = timers();
    await assert.rejects(fetch(`${one.origin}/hang`), { name: "TimeoutError", message: "not done within 5 ms" });
    assert.deepEqual([breaker.state, timers()], ["open", idle]);
  });

  test("is over with the response: the body may take longer", async () => {
    let signal;
    const fetch = async (_, init) => ((signal = init.signal), new Response("body"));
    const idle = timers();
    await setUp({ timeoutMs: 60_000, fetch }).fetch("http://localhost/");
    assert.deepEqual([timers(), signal.aborted], [idle, false]);
  });
});

describe("Retry-After", () => {
  const now = "Sun, 06 Nov 1994 08:49:37 GMT";
  for (const [header, date, wait] of [
    ["90", now, 90_000],
    ["Sun, 06 Nov 1994 08:51:37 GMT", now, 120_000], // by the server's clock, whatever ours says
    ["10", now, 30_000], // less than the circuit stays open anyway
    ["999999999", now, 3_600_000], // as far as maxRecoveryTimeoutSeconds allows
    ["Sun, 06 Nov 1994 08:49:37 GMT", now, 30_000],
    ["Sun, 06 Nov 1994 08:00:00 GMT", now, 30_000],
    ["soon", now, 30_000],
    ["-90", now, 30_000],
    ["1.5", now, 30_000],
    ["2095", now, 2_095_000],
    ["", now, 30_000],
  ]) {
    test(`${JSON.stringify(header)} holds the circuit open for ${wait} ms`, async () => {
      const { breaker, fetch } = setUp();
      await (await fetch(`${one.origin}/429?${new URLSearchParams({ "retry-after": header, date })}`)).text();
      assert.deepEqual([breaker.state, breaker.retryAfterMs], ["open", wait]);
    });
  }

  test("as a date counts from now, where the server does not tell its time", async () => {
    const headers = new Headers({ "retry-after": new Date(Date.now() + 100_000).toUTCString() });
    const { breaker, fetch } = setUp({ fetch: async () => new Response("", { status: 503, headers }) });
    await fetch("http://localhost/");
    assert.ok(breaker.retryAfterMs > 90_000 && breaker.retryAfterMs <= 100_000, String(breaker.retryAfterMs));
  });

  test("lengthens one opening, not the next", async () => {
    const { breaker, clock, fetch } = setUp();
    await (await fetch(`${one.origin}/503?retry-after=90`)).text();
    clock.advance(90_000);
    await (await fetch(`${one.origin}/503`)).text();
    assert.deepEqual([breaker.state, breaker.retryAfterMs], ["open", 30_000]);
  });

  test("of a response that is no failure, or that opened nothing, changes nothing", async () => {
    const { breaker, fetch } = setUp({}, { failureThreshold: 2 });
    await (await fetch(`${one.origin}/503?retry-after=90`)).text();
    await (await fetch(`${one.origin}/404?retry-after=90`)).text();
    breaker.recordFailure();
    assert.equal(breaker.retryAfterMs, 30_000);
  });
});

describe("with a registry", () => {
  test("each origin has a circuit of its own", async () => {
    const registry = new CircuitBreakerRegistry({ failureThreshold: 1 });
    const fetch = guardedFetch(registry);
    await (await fetch(new URL(`${one.origin}/500`))).text();
    assert.equal((await fetch(new Request(`${two.origin}/200`))).status, 200);
    await assert.rejects(fetch(`${one.origin}/200`), { operationName: one.origin });
    assert.deepEqual([...registry].map(([name, { state }]) => [name, state]), [[two.origin, "closed"], [one.origin, "open"]]);
  });

  test("or what `key` says", async () => {
    const asked = [];
    const key = (request) => (asked.push(request), request.method);
    const registry = new CircuitBreakerRegistry();
    const fetch = guardedFetch(registry, { key, fetch: async () => new Response() });
    await fetch("http://localhost/a?b#c", { method: "post" });
    await fetch(new Request("http://localhost/", { method: "PUT" }));
    await fetch("/here");
    assert.deepEqual(asked, [
      { url: "http://localhost/a?b#c", method: "POST" },
      { url: "http://localhost/", method: "PUT" },
      { url: "/here", method: "GET" },
    ]);
    assert.deepEqual([...registry].map(([name]) => name), ["POST", "PUT", "GET"]);
  });

  test("a relative URL is the page's where there is one, else no URL", async (t) => {
    const registry = new CircuitBreakerRegistry();
    const fetch = guardedFetch(registry, { fetch: async () => new Response() });
    await assert.rejects(fetch("/here"), TypeError);
    t.after(() => delete globalThis.location);
    globalThis.location = { href: "https://example.com/page" };
    await fetch("/here");
    assert.deepEqual([...registry].map(([name]) => name), ["https://example.com"]);
  });
});

describe("as a fetch", () => {
  test("it hands on what it was given, untouched", async () => {
    const calls = [];
    const response = new Response();
    const { fetch } = setUp({ fetch: async (...given) => (calls.push(given), response) });
    const init = { method: "PUT", body: "x" };
    assert.equal(await fetch("http://localhost/", init), response);
    assert.equal(calls[0][1], init);
  });

  test("it uses the global fetch of the time of the call", async (t) => {
    const { fetch } = setUp();
    t.mock.method(globalThis, "fetch", async () => new Response("mocked"));
    assert.equal(await (await fetch("http://localhost/")).text(), "mocked");
  });

  test("it sends a body that a request holds", async () => {
    const { fetch } = setUp({ timeoutMs: 60_000 });
    one.seen.length = 0;
    assert.equal((await fetch(new Request(`${one.origin}/200`, { method: "POST", body: "x" }))).status, 200);
    assert.deepEqual(one.seen, ["POST /200"]);
  });

  test("it may be tried again, and asks its own circuit only", async () => {
    const { breaker, fetch } = setUp({}, { failureThreshold: 3 });
    one.seen.length = 0;
    const load = withRetry({ attempts: 9, backoff: 0, retryIf: (settled) => !settled.ok || settled.value.status >= 500 })(fetch);
    await assert.rejects(load(`${one.origin}/503`), { name: "CircuitOpenError", operationName: "api" });
    assert.deepEqual([one.seen.length, breaker.failureCount], [3, 3]);
    breaker.reset();
    assert.equal((await load(`${one.origin}/404`)).status, 404);
  });
});

/** Ends when its signal aborts, and takes its listener away. */
function hanging(_, { signal }) {
  return new Promise((_, reject) => {
    const onAbort = () => {
      signal.removeEventListener("abort", onAbort);
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort);
  });
}
