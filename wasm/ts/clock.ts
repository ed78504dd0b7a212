import { shown } from "./checks.js";

/**
 * Where a breaker reads the time: milliseconds since a fixed origin, which may be anything. `Date`, `performance` and
 * {@link ManualClock} are clocks. One that goes back counts as one that stands still.
 */
export interface Clock {
  /** The time now, in milliseconds. */
  now(): number;
}

/** It never changes, and to read it takes half as long as to read the time. */
let origin: number | undefined;

/** Milliseconds since 1970 that never go back, where the runtime has such a clock; read when somebody asks, never before. */
export const systemClock: Clock = {
  now: () => (typeof performance === "object" ? (origin ??= performance.timeOrigin) + performance.now() : Date.now()),
};

/**
 * A clock that moves only when it is told to: for tests. What is no number of milliseconds is a RangeError.
 *
 * @example
 * const clock = new ManualClock();
 * const breaker = new CircuitBreaker("fetch", { failureThreshold: 1 }, { clock });
 * breaker.recordFailure();
 * clock.advance(30_000);
 * breaker.state; // "half_open"
 */
export class ManualClock implements Clock {
  #now: number;

  /** @param now what it shows at first, in milliseconds */
  constructor(now = 0) {
    this.#now = checked(now);
  }

  /** What it shows, in milliseconds. */
  now(): number {
    return this.#now;
  }

  /** Goes on by `ms` milliseconds. */
  advance(ms: number): void {
    this.#now += checked(ms);
  }

  /** Shows `ms` milliseconds from now on, which may be earlier than before. */
  set(ms: number): void {
    this.#now = checked(ms);
  }
}

/** A test whose clock stands still unnoticed proves nothing. */
function checked(ms: number): number {
  if (!Number.isFinite(ms)) throw new RangeError(`ms is ${shown(ms)}, must be a number of milliseconds`);
  return ms;
}
