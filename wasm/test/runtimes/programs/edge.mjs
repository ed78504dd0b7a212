// An edge function of the old form, which `edge-runtime` runs. The answer is the report.
import * as halfopen from "halfopen";
import { CircuitBreaker } from "halfopen";
import { AT_MODULE_SCOPE, runSuite } from "./runtimes/suite.mjs";
import { vectors } from "./vectors-data.mjs";

const atModuleScope = new CircuitBreaker("module", AT_MODULE_SCOPE);

addEventListener("fetch", (event) => {
  const report = runSuite(halfopen, { atModuleScope, vectors });
  event.respondWith(report.then((given) => new Response(JSON.stringify(given))));
});
