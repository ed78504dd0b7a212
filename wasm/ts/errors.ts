import type { CircuitState } from "./states.js";

/**
 * The circuit refused the request, and the operation was not called.
 *
 * @example
 * try {
 *   await breaker.execute(() => fetch(url));
 * } catch (error) {
 *   if (error instanceof CircuitOpenError) console.log(`again in ${error.retryAfterMs} ms`);
 * }
 */
export class CircuitOpenError extends Error {
  override readonly name = "CircuitOpenError";

  /**
   * @param operationName the name of the circuit
   * @param state the state that refused: open, half open with all its probes in flight, or closed while it ramps up
   * @param retryAfterMs milliseconds until it makes sense to ask again, at the latest; `null`: not before a `reset()`
   */
  constructor(
    readonly operationName: string,
    readonly state: CircuitState,
    readonly retryAfterMs: number | null,
  ) {
    const is = state === "closed" ? "ramping up" : state;
    const wait = retryAfterMs === null ? " until it is reset" : `, retry after ${(retryAfterMs / 1000).toFixed(3)} s`;
    super(`circuit '${operationName}' is ${is}${wait}`);
  }
}
