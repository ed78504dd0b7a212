// A Worker before an origin that fails now and then. The circuit is at module scope: one for all requests of an isolate. Its
// snapshot is in Workers KV, so that an isolate that starts while the origin is down does not have to find that out again.
import { CircuitBreaker, CircuitOpenError } from "halfopen";

const circuit = new CircuitBreaker("origin", { failureThreshold: 3, recoveryTimeoutSeconds: 3 });

/** Whether the circuit of this isolate has taken over what another one has left. */
let isRestored = false;

/** Whether there is something new to keep. */
let hasChanged = false;
circuit.onStateChange(({ reason }) => (hasChanged ||= reason !== "restored"));

export default {
  async fetch(request, env, context) {
    if (!isRestored) await restore(env);
    try {
      return await circuit.execute((signal) => ask(request, env, signal), { timeoutMs: 5_000, classify });
    } catch (error) {
      if (error instanceof CircuitOpenError) return refusal(error);
      return new Response("the origin cannot be reached\n", { status: 502 });
    } finally {
      // KV takes one write a second to a key: one for each change, however many requests are under way, and after the answer.
      if (hasChanged) {
        hasChanged = false;
        context.waitUntil(keep(env));
      }
    }
  },
};

function ask(request, env, signal) {
  const { pathname, search } = new URL(request.url);
  return fetch(new Request(new URL(pathname + search, env.ORIGIN), request), { signal });
}

/** A server's error is a failure, though it is an answer. */
function classify(settled) {
  return settled.ok && settled.value.status >= 500 ? "failure" : undefined;
}

function refusal({ operationName, state, retryAfterMs }) {
  // It knows no time where the circuit was isolated by hand.
  const headers = { "retry-after": String(Math.ceil((retryAfterMs ?? 60_000) / 1_000)) };
  return new Response(`circuit '${operationName}' is ${state}\n`, { status: 503, headers });
}

async function restore(env) {
  try {
    const kept = await env.CIRCUITS.get(circuit.operationName);
    // Another request may have been faster, and calls have been counted since.
    if (kept && !isRestored) circuit.restore(kept);
  } catch (error) {
    // It then begins anew: a circuit must not be what makes the Worker fail.
    console.warn(`nothing restored: ${error.message}`);
  }
  isRestored = true;
}

function keep(env) {
  // For as long as KV keeps anything at least: what is older says nothing about the origin.
  return env.CIRCUITS.put(circuit.operationName, JSON.stringify(circuit.snapshot()), { expirationTtl: 60 });
}
