// The same package for CommonJS.
import halfopen = require("halfopen");

const breaker: halfopen.CircuitBreaker = new halfopen.CircuitBreaker("required", { failureThreshold: 3 });
const called: Promise<string> = breaker.execute(async () => "called");
const wait: number | null = new halfopen.CircuitOpenError("required", "open", 1).retryAfterMs;
// @ts-expect-error a misspelt field
new halfopen.CircuitBreaker("required", { failureTreshold: 3 });
// @ts-expect-error a promise of a string
const wrong: Promise<number> = called;

export { called, wait, wrong };
