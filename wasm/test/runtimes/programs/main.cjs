// The same by `require`.
const halfopen = require("halfopen");

const atModuleScope = new halfopen.CircuitBreaker("module", { failureThreshold: 1, recoveryTimeoutSeconds: 30 });

Promise.all([import("./runtimes/suite.mjs"), import("./vectors-data.mjs")])
  .then(([{ runSuite }, { vectors }]) => runSuite(halfopen, { atModuleScope, vectors }))
  .then((report) => console.log(`REPORT ${JSON.stringify(report)}`));
