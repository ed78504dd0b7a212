import { checkFunction, checkTime, shown } from "./checks.js";
import { systemClock, type Clock } from "./clock.js";
import { create, type CircuitBreakerConfiguration, type CircuitBreakerOptions } from "./config.js";
import { CircuitOpenError } from "./errors.js";
import { eventOf, Hub, iterate, refusalOf, type Refusal, type Transition } from "./events.js";
import { callThrough, fallBack, outcomeOf, type ExecuteOptions } from "./execute.js";
import { describe } from "./log.js";
import { Command, MODES, notOutcome, numberOf, orNull, OutcomeNumber, Place, RECEIPTS, STATES } from "./numbers.js";
import { dispose, Permit, type Settle } from "./permit.js";
import * as snapshots from "./snapshot.js";
import type { Snapshot } from "./snapshot.js";
import type { CircuitState, Mode, Outcome, Receipt } from "./states.js";
import * as wasm from "./wasm/exports.js";

/** Frees what nobody frees; made with the first breaker. */
let forgotten: FinalizationRegistry<number> | undefined;

let settleTicket: Settle;

/** @internal Whether a breaker must not be used any more: for who keeps one that others may free. */
export let isFreed: (breaker: CircuitBreaker) => boolean;

/**
 * A circuit breaker: it lets a caller fail fast while something that it depends on is broken, and lets it back in carefully.
 *
 * It starts no timer and holds no promise. While the circuit is closed and nothing is counted, no clock is read.
 *
 * @example
 * const breaker = new CircuitBreaker("fetch", { failureThreshold: 5, recoveryTimeoutSeconds: 30 });
 * const response = await breaker.execute(() => fetch(url));
 */
export class CircuitBreaker implements Disposable {
  static {
    settleTicket = (breaker, mark, issued, outcome, retryAfterMs) => breaker.#settle(mark, issued, outcome, retryAfterMs);
    isFreed = (breaker) => breaker.#handle === 0;
  }

  /** The name given at construction. */
  readonly operationName: string;
  #handle: number;
  readonly #clock: Clock;
  /** Only where chance has a part. */
  readonly #random: (() => number) | undefined;
  #hub: Hub | undefined;

  /**
   * @param operationName what errors, events and logs call it
   * @param config how it behaves; every field has a default
   * @param options its clock, and who is told
   * @throws RangeError for a number that is not in its range, TypeError for what is no number, of no use to the rule, no name or
   * no clock
   */
  constructor(operationName: string, config: CircuitBreakerConfiguration = {}, options: CircuitBreakerOptions = {}) {
    if (typeof operationName !== "string") throw new TypeError(`operationName is ${shown(operationName)}, must be a string`);
    this.#clock = options.clock ?? systemClock;
    checkFunction("clock.now", this.#clock.now);
    const { handle, chance } = create(config);
    this.operationName = operationName;
    this.#handle = handle;
    this.#random = chance ? (options.random ?? Math.random) : undefined;
    const { logger } = options;
    if (logger) this.onStateChange((transition) => logger.info(describe(transition)));
    if (typeof FinalizationRegistry === "function") {
      forgotten ??= new FinalizationRegistry(wasm.free);
      forgotten.register(this, handle, this);
    }
  }

  /**
   * Whether a request may be made. In HALF_OPEN a `true` takes a probe's place, which an outcome gives back.
   * Prefer {@link execute} or {@link tryAcquire}: they know which request an outcome belongs to.
   */
  allowRequest(): boolean {
    return wasm.allow(this.#handle) !== 0 || this.#told(wasm.acquire_at(this.#handle, this.#now())) === 1;
  }

  /**
   * Records that the operation worked. Without a permit nobody can tell when its request was made: it acts on the state in
   * force now, with or without a matching {@link allowRequest}.
   */
  recordSuccess(): Receipt {
    return wasm.succeed(this.#handle) !== 0 ? "recorded" : this.#record(OutcomeNumber.Success, -1);
  }

  /** Records that the operation failed. See {@link recordSuccess}. */
  recordFailure(): Receipt {
    return this.#record(OutcomeNumber.Failure, -1);
  }

  /** Gives back the place of a probe whose request says nothing about the operation; changes nothing otherwise. */
  recordIgnored(): Receipt {
    return this.#record(OutcomeNumber.Ignored, -1);
  }

  /**
   * Records an outcome of a request that took `tookMs` milliseconds, which may make it a slow call.
   *
   * @throws TypeError for what is no outcome, of which nothing is recorded
   */
  recordAfter(outcome: Outcome, tookMs: number): Receipt {
    const number = numberOf(outcome);
    if (number < 0) throw notOutcome(outcome);
    return this.#record(number, Math.ceil(tookMs));
  }

  /** Whether {@link allowRequest} would say `true` now. Takes no place. */
  wouldAllow(): boolean {
    return wasm.allow(this.#handle) !== 0 || this.retryAfterMs === 0;
  }

  /** Milliseconds until a request would be let through, at the latest: 0 means now, `null` not before a {@link reset}. */
  get retryAfterMs(): number | null {
    return orNull(wasm.retry_after(this.#handle, this.#now()));
  }

  /** The state in force now: an OPEN circuit whose timeout has passed reads `"half_open"`. Changes nothing at all. */
  get state(): CircuitState {
    return STATES[wasm.state(this.#handle, this.#now())]!;
  }

  /** Whether the rules are in force. */
  get mode(): Mode {
    this.#now();
    return MODES[wasm.mode(this.#handle)]!;
  }

  /** Failures in a row: kept while OPEN, 0 after closing. With a window, while CLOSED, those in it. */
  get failureCount(): number {
    return wasm.failure_count(this.#handle, this.#now());
  }

  /** When the latest failure was recorded, in milliseconds of the breaker's clock; `null`: never. */
  get lastFailureTime(): number | null {
    this.#now();
    return orNull(wasm.last_failure_time(this.#handle));
  }

  /** Counts the transitions, the rounds of probes that were given up, and the restores, modulo 512. */
  get generation(): number {
    this.#now();
    return wasm.generation(this.#handle);
  }

  /** How often the circuit has opened again since it was CLOSED, where its way back adapts; at most 255. */
  get reopenings(): number {
    this.#now();
    return wasm.reopenings(this.#handle);
  }

  /** Opens the circuit now; it recovers by itself. */
  trip(): void {
    this.#command(Command.Trip);
  }

  /** Refuses every request until {@link reset}, or until another mode is chosen. */
  isolate(): void {
    this.#command(Command.Isolate);
  }

  /** Lets every request through and records nothing until {@link reset}, or until another mode is chosen. */
  disable(): void {
    this.#command(Command.Disable);
  }

  /** Records and reports what it would have done, but refuses nothing, until {@link reset}, or until another mode is chosen. */
  shadow(): void {
    this.#command(Command.Shadow);
  }

  /** Closes the circuit with the rules in force and nothing counted. */
  reset(): void {
    this.#command(Command.Reset);
  }

  /**
   * Keeps an OPEN circuit open for at least `ms` milliseconds from now, as far as `maxRecoveryTimeoutSeconds` allows: for a
   * server that said `Retry-After`. A way back that does not adapt is never lengthened.
   */
  holdOpen(ms: number): void {
    wasm.hold_open(this.#handle, Math.ceil(ms), this.#now());
  }

  /** Asks for a request to be let through; `null` if it is refused. See {@link Permit}. */
  tryAcquire(): Permit | null {
    const permit = this.#ask();
    return permit instanceof Permit ? permit : null;
  }

  /**
   * Asks for a request to be let through.
   *
   * @throws CircuitOpenError with the state and when to ask again
   */
  acquire(): Permit {
    const permit = this.#ask();
    if (permit instanceof Permit) return permit;
    throw new CircuitOpenError(this.operationName, permit.state, permit.retryAfterMs);
  }

  /**
   * Calls `operation` if the circuit lets it: a value counts as a success, an error as a failure, unless `classify` says
   * otherwise. With `signal` or `timeoutMs` it is given a signal that tells it when to stop.
   *
   * It never throws but rejects: with a {@link CircuitOpenError} if it was refused, and so not called; a RangeError for a
   * `timeoutMs` that is no time, and a TypeError for an `operation` that is no function, both uncalled and uncounted; else with
   * whatever `operation` throws.
   */
  execute<T>(operation: () => T | PromiseLike<T>): Promise<T>;
  execute<T, F = never>(
    operation: (signal: AbortSignal) => T | PromiseLike<T>,
    options: ExecuteOptions<T, F> & ({ readonly signal: AbortSignal } | { readonly timeoutMs: number }),
  ): Promise<T | F>;
  execute<T, F = never>(
    operation: (signal: AbortSignal | undefined) => T | PromiseLike<T>,
    options?: ExecuteOptions<T, F>,
  ): Promise<T | F>;
  execute<T, F>(
    operation: (signal: AbortSignal) => T | PromiseLike<T>,
    options?: ExecuteOptions<T, F>,
  ): Promise<T | F> {
    let asked: Permit | Refusal;
    try {
      // A promise in the place of what makes it would else be a failure of what it asks.
      checkFunction("operation", operation);
      if (options === undefined) {
        const mark = wasm.acquire(this.#handle);
        if (mark >= 0) return this.#callPlainly(operation as () => T | PromiseLike<T>, mark);
        asked = this.#askByTime();
      } else {
        options.signal?.throwIfAborted();
        checkTime("timeoutMs", options.timeoutMs);
        asked = this.#ask();
      }
    } catch (error) {
      return Promise.reject(error);
    }
    if (asked instanceof Permit) return callThrough(asked, operation, options ?? {});
    // In no async function: one that throws rejects before anybody listens, see there.
    return fallBack(new CircuitOpenError(this.operationName, asked.state, asked.retryAfterMs), options);
  }

  /**
   * Makes a function of the same arguments that calls `operation` through the breaker, as {@link execute} does. `operation` is
   * given these arguments alone: what ends the call by `options` does not tell it to stop.
   *
   * @throws TypeError for an `operation` that is no function
   */
  wrap<This, A extends unknown[], T, F = never>(
    operation: (this: This, ...args: A) => T | PromiseLike<T>,
    options?: ExecuteOptions<T, F>,
  ): (this: This, ...args: A) => Promise<T | F> {
    checkFunction("operation", operation);
    const breaker = this;
    return function (...args) {
      return breaker.execute<T, F>(() => operation.apply(this, args), options);
    };
  }

  /**
   * Is told of each transition, after it has happened; what is returned ends that. An error of its own is none of the call's: the
   * runtime reports it as uncaught, as that of any listener to an event, and Node ends with it.
   */
  onStateChange(listener: (transition: Transition) => void): () => void {
    return this.#toTell.transitions.add(listener);
  }

  /** Is told of each refusal, and in shadow mode of what would have been one; what is returned ends that. */
  onRefused(listener: (refusal: Refusal) => void): () => void {
    return this.#toTell.refusals.add(listener);
  }

  /** Is told of each success or failure that came too late to count, by its receipt; what is returned ends that. */
  onLate(listener: (receipt: Receipt) => void): () => void {
    return this.#toTell.late.add(listener);
  }

  /** The transitions as `CustomEvent`s with the name `statechange`, each with its {@link Transition} as `detail`. */
  get events(): EventTarget {
    const hub = this.#toTell;
    if (hub.target === undefined) {
      const target = (hub.target = new EventTarget());
      this.onStateChange((detail) => void target.dispatchEvent(eventOf(detail)));
    }
    return hub.target;
  }

  /**
   * The transitions from now on, for `for await`, until the loop is left or `signal` aborts. Up to 64 wait for whoever is
   * slow; of more, the latest. {@link free} does not end it.
   */
  stateChanges(signal?: AbortSignal): AsyncIterableIterator<Transition> {
    return iterate((listener) => this.onStateChange(listener), signal);
  }

  /** What is worth keeping of the breaker, with times as intervals. */
  snapshot(): Snapshot {
    return snapshots.read(wasm.snapshot(this.#handle, this.#now()));
  }

  /**
   * Takes over what {@link snapshot} gave, on whatever clock, as an object or as its JSON: the remaining time counts, never
   * more than one recovery timeout. Permits that are out become stale. Meant for the start, before others use the breaker.
   *
   * @throws TypeError if it is of another version or damaged, SyntaxError if it is no JSON; the breaker then stays as it is
   */
  restore(snapshot: Snapshot | string): void {
    const parsed: unknown = typeof snapshot === "string" ? JSON.parse(snapshot) : snapshot;
    const now = this.#now();
    snapshots.write((parsed ?? {}) as Record<string, unknown>);
    const packed = wasm.restore(this.#handle, now);
    if (packed < 0) throw snapshots.damaged(packed);
    this.#told(packed);
  }

  /** Gives its memory back now; else that happens when it is garbage. It must not be used afterwards: whatever does throws. */
  free(): void {
    const handle = this.#handle;
    if (handle === 0) return;
    this.#handle = 0;
    this.#hub = undefined;
    forgotten?.unregister(this);
    wasm.free(handle);
  }

  /** The same as {@link free}. */
  [dispose](): void {
    this.free();
  }

  /** The time, for a call to wasm that is made next: nothing of the user's runs between the two. */
  #now(): number {
    if (this.#handle === 0) throw new Error(`circuit '${this.operationName}' was freed`);
    const now = this.#clock.now();
    if (this.#random !== undefined) wasm.chance(this.#random() * 2 ** 32);
    return now;
  }

  get #toTell(): Hub {
    return (this.#hub ??= new Hub());
  }

  /** Tells what a call did; gives its answer. */
  #told(packed: number): number {
    if (packed > 3) this.#hub?.tell(packed, this.operationName);
    return packed & 3;
  }

  #record(outcome: number, tookMs: number): Receipt {
    return RECEIPTS[this.#told(wasm.record(this.#handle, outcome, tookMs, this.#now()))]!;
  }

  #command(what: number): void {
    this.#told(wasm.command(this.#handle, what, this.#now()));
  }

  #ask(): Permit | Refusal {
    const mark = wasm.acquire(this.#handle);
    return mark >= 0 ? new Permit(this, settleTicket, mark, 0) : this.#askByTime();
  }

  #askByTime(): Permit | Refusal {
    const packed = wasm.acquire_at(this.#handle, this.#now());
    const asked =
      (packed & 1) === 1
        ? new Permit(this, settleTicket, wasm.out(Place.Mark), wasm.out(Place.Issued))
        : refusalOf(this.operationName, false);
    this.#told(packed);
    return asked;
  }

  #settle(mark: number, issued: number, outcome: number, retryAfterMs?: number): Receipt {
    // Of a timed request the core has to see the time, which it says by not settling it.
    if (wasm.settle(this.#handle, mark, outcome) !== 0) return "recorded";
    return this.#settleByTime(mark, issued, outcome, retryAfterMs);
  }

  #settleByTime(mark: number, issued: number, outcome: number, retryAfterMs?: number): Receipt {
    // A breaker that was freed meanwhile has nothing to record, and that must not become the error of a call that went well.
    if (this.#handle === 0) return "stale";
    const now = this.#now();
    const packed = wasm.settle_at(this.#handle, mark, issued, outcome, now);
    // Before anybody is told: a listener is to see how long it stays open, and may free it.
    if (retryAfterMs !== undefined && RECEIPTS[packed & 3] === "recorded") wasm.hold_open(this.#handle, Math.ceil(retryAfterMs), now);
    return RECEIPTS[this.#told(packed)]!;
  }

  /** The path of a healthy circuit. */
  async #callPlainly<T>(operation: () => T | PromiseLike<T>, mark: number): Promise<T> {
    let value: T;
    try {
      value = await operation();
    } catch (error) {
      this.#settle(mark, 0, numberOf(outcomeOf({ ok: false, error }, {})));
      throw error;
    }
    if (wasm.settle(this.#handle, mark, OutcomeNumber.Success) === 0) this.#settleByTime(mark, 0, OutcomeNumber.Success);
    return value;
  }
}
