/// <reference lib="esnext.disposable" preserve="true" />
import type { CircuitBreaker } from "./breaker.js";
import { notOutcome, numberOf, OutcomeNumber } from "./numbers.js";
import type { Outcome, Receipt } from "./states.js";

/** Where a runtime has no `Symbol.dispose` yet: what its polyfills use. */
export const dispose: typeof Symbol.dispose = Symbol.dispose ?? (Symbol.for("Symbol.dispose") as typeof Symbol.dispose);

/** Hands in the outcome of a ticket, by its number; with milliseconds where a server has said when to come back. */
export type Settle = (
  breaker: CircuitBreaker,
  mark: number,
  issued: number,
  outcome: number,
  retryAfterMs?: number,
) => Receipt;

/**
 * A request that was let through. Its outcome counts only in the generation of the circuit in which it was let through.
 * Disposed of without an outcome it counts as nothing, and a probe gives its place back; one that is forgotten does so when
 * its lease runs out.
 *
 * @example
 * using permit = breaker.acquire();
 * const response = await fetch(url);
 * response.ok ? permit.success() : permit.failure();
 */
export class Permit implements Disposable {
  #breaker: CircuitBreaker | undefined;
  readonly #settle: Settle;
  readonly #mark: number;
  readonly #issued: number;

  /** @internal */
  constructor(breaker: CircuitBreaker, settle: Settle, mark: number, issued: number) {
    this.#breaker = breaker;
    this.#settle = settle;
    this.#mark = mark;
    this.#issued = issued;
  }

  /** Whether this request is a probe of HALF_OPEN. */
  get isProbe(): boolean {
    return (this.#mark & 1) === 1;
  }

  /** The operation worked. */
  success(): Receipt {
    return this.settle("success");
  }

  /**
   * The operation failed.
   *
   * @param retryAfterMs where a server has said when to come back: the circuit, if it is OPEN then, stays so for at least as
   * long, as far as `maxRecoveryTimeoutSeconds` allows; a way back that does not adapt is never lengthened
   */
  failure(retryAfterMs?: number): Receipt {
    return this.settle("failure", retryAfterMs);
  }

  /** The request says nothing about the operation. */
  ignore(): Receipt {
    return this.settle("ignored");
  }

  /**
   * The request ended with `outcome`. A permit is good for one: another one changes nothing and is `"stale"`.
   *
   * @param retryAfterMs see {@link failure}
   * @throws TypeError for what is no outcome; it then counts as a failure, so that a probe does not keep its place
   */
  settle(outcome: Outcome, retryAfterMs?: number): Receipt {
    const breaker = this.#breaker;
    if (breaker === undefined) return "stale";
    this.#breaker = undefined;
    const number = numberOf(outcome);
    const receipt = this.#settle(breaker, this.#mark, this.#issued, number < 0 ? OutcomeNumber.Failure : number, retryAfterMs);
    if (number < 0) throw notOutcome(outcome);
    return receipt;
  }

  /** Gives it back without an outcome, unless it had one. */
  [dispose](): void {
    this.ignore();
  }
}
