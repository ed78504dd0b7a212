// For runtimes and bundles that print: the suite's report is a line of the console.
import * as halfopen from "halfopen";
import { CircuitBreaker } from "halfopen";
import { AT_MODULE_SCOPE, runSuite } from "./runtimes/suite.mjs";
import { vectors } from "./vectors-data.mjs";

const atModuleScope = new CircuitBreaker("module", AT_MODULE_SCOPE);

runSuite(halfopen, { atModuleScope, vectors }).then((report) => console.log(`REPORT ${JSON.stringify(report)}`));
