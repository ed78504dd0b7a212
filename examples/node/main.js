// An HTTP client that tries again, with a circuit for each host, against a flaky server of its own.
import { CircuitBreakerRegistry, CircuitOpenError, guardedFetch, withRetry } from "halfopen";
import { setTimeout as sleep } from "node:timers/promises";
import { startServers } from "./server.js";
import { count, flush, say } from "./timeline.js";

// A call to each server every so often, and how many.
const [EVERY_MS, CALLS] = [50, 80];

// `adaptive`, so that a server's Retry-After is heeded.
const hosts = new CircuitBreakerRegistry({ failureThreshold: 5, recoveryTimeoutSeconds: 0.3, adaptive: true });

// One circuit for each origin; the retries ask none of their own.
const load = withRetry({
  attempts: 3,
  backoff: 10,
  retryIf: (settled) => !settled.ok || settled.value.status === 429 || settled.value.status >= 500,
  onRetry: ({ settled }) => {
    tries++;
    if (settled.ok) void settled.value.body?.cancel();
  },
})(guardedFetch(hosts, { timeoutMs: 500 }));

let tries = 0;
const { steady, flaky, seen, stop } = await startServers((phase) => say(`--- ${phase}`));
const names = { [steady]: "steady", [flaky]: "flaky" };
const changes = [];
hosts.onStateChange(({ operationName, from, to, reason }) => {
  changes.push(`${names[operationName]} ${to}`);
  say(`>>> ${names[operationName]}: ${from} -> ${to} (${reason})`);
});

const ends = { steady: {}, flaky: {} };
for (let call = 0; call < CALLS; call++) {
  await Promise.all([visit(steady), visit(flaky), sleep(EVERY_MS)]);
}
flush();
stop();

for (const [name, counts] of Object.entries(ends)) {
  const told = Object.entries(counts).map(([end, times]) => `${times} ${end}`);
  console.log(`${name}: ${CALLS} calls, ${told.join(", ")}; ${seen[name]} requests reached it`);
}
console.log(`${tries} retries`);

// What this is to show; the exit code says whether it did.
const isShown =
  ends.steady.ok === CALLS &&
  ends.flaky.refused > 0 &&
  tries > 0 &&
  seen.flaky < CALLS &&
  changes.every((change) => change.startsWith("flaky")) &&
  changes.at(-1) === "flaky closed";
process.exitCode = isShown ? 0 : 1;

async function visit(origin) {
  const { end, detail } = await load(origin).then(answered, failed);
  ends[names[origin]][end] = (ends[names[origin]][end] ?? 0) + 1;
  if (origin === flaky) count(`flaky: ${end}`, detail);
}

async function answered(response) {
  await response.text();
  return { end: response.ok ? "ok" : String(response.status) };
}

function failed(error) {
  if (!(error instanceof CircuitOpenError)) return { end: error.name };
  return { end: "refused", detail: `again in ${error.retryAfterMs.toFixed()} ms` };
}
