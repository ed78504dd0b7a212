// A Worker: the suite, and a snapshot that goes through whichever of KV and a Durable Object is bound. The answer is the report.
import * as halfopen from "halfopen";
import { CircuitBreaker } from "halfopen";
import { AT_MODULE_SCOPE, equal, runCase, runSuite } from "./runtimes/suite.mjs";
import { vectors } from "./vectors-data.mjs";

const atModuleScope = new CircuitBreaker("module", AT_MODULE_SCOPE);

export default {
  async fetch(_request, env) {
    const report = await runSuite(halfopen, { atModuleScope, vectors });
    if (env.KV) {
      await runCase(report.results, "a snapshot goes through Workers KV", () =>
        goThrough(
          (snapshot) => env.KV.put("circuit", JSON.stringify(snapshot)),
          () => env.KV.get("circuit", "json"),
        ),
      );
    }
    if (env.OBJECT) {
      const stub = env.OBJECT.get(env.OBJECT.idFromName("circuit"));
      await runCase(report.results, "a snapshot goes through a Durable Object", () =>
        goThrough(
          (snapshot) => stub.fetch("http://object/", { method: "PUT", body: JSON.stringify(snapshot) }),
          async () => (await stub.fetch("http://object/")).text(),
        ),
      );
    }
    return Response.json(report);
  },
};

async function goThrough(put, get) {
  const config = { failureThreshold: 1, recoveryTimeoutSeconds: 60 };
  const breaker = new CircuitBreaker("kept", config);
  breaker.recordFailure();
  await put(breaker.snapshot());
  const other = new CircuitBreaker("kept", config);
  const snapshot = await get();
  equal(snapshot === null, false);
  other.restore(snapshot);
  equal([other.state, other.allowRequest(), other.failureCount], ["open", false, 1]);
}

/** Keeps what it is given in its storage. */
export class Keeper {
  constructor(state) {
    this.storage = state.storage;
  }

  async fetch(request) {
    if (request.method === "PUT") await this.storage.put("snapshot", await request.text());
    return new Response(await this.storage.get("snapshot"));
  }
}
