// The breaker of one caller, as the simulation needs it: on a clock that can be wrong, with chance that can be had again.
import { CircuitBreaker, ManualClock } from "halfopen";
import { chance } from "./chance.js";
import { WindowView } from "./window.js";

/** Where the breakers' clocks begin: so far from 0 that one can be set back. */
const ORIGIN = 1_000_000_000;

export class Guard {
  /** The package's own breaker. */
  breaker;
  /** By how much its clock is wrong, in milliseconds. */
  skew = 0;
  #clock = new ManualClock(ORIGIN);
  #window;
  #slowMs;
  #asked = 0;

  /**
   * @param {{ config: Record<string, any>, seed: number, number: number, onTransition: (transition: object) => void }} options
   * @throws RangeError or TypeError of the package for a wrong configuration
   */
  constructor({ config, seed, number, onTransition }) {
    // Of one moment and as many questions the same number: who looks on draws nothing that another one would have got.
    const random = () => chance(seed, number, this.#clock.now(), this.#asked);
    this.breaker = new CircuitBreaker(number === 0 ? "service" : `service ${number + 1}`, config, { clock: this.#clock, random });
    this.#window = config.rule.endsWith("_window") ? new WindowView(config) : undefined;
    this.#slowMs = config.slowCallDurationSeconds === undefined ? Infinity : config.slowCallDurationSeconds * 1000;
    this.breaker.onStateChange((transition) => {
      this.#window?.clear();
      onTransition(transition);
    });
  }

  /** Sets the clock to the simulation's time `now`, in milliseconds. */
  at(now) {
    this.#clock.set(ORIGIN + now + this.skew);
    return this;
  }

  /** A permit, or `null` and when to come back. */
  ask() {
    this.#asked++;
    const permit = this.breaker.tryAcquire();
    return { permit, retryAfterMs: permit ? 0 : this.breaker.retryAfterMs };
  }

  /** Whether a call that took so long is slow. */
  isSlow(tookMs) {
    return tookMs > this.#slowMs;
  }

  /** Hands in an outcome; gives the receipt. `now` is the simulation's time. */
  settle(permit, ok, tookMs, now) {
    const before = this.breaker.state;
    const receipt = permit.settle(ok ? "success" : "failure");
    const counts = receipt === "recorded" && before === "closed" && this.breaker.state === "closed";
    if (counts) this.#window?.add(now, !ok, this.isSlow(tookMs));
    return receipt;
  }

  /** What can be drawn of it now: a count or rates beside what opens, and how long it stays open. */
  look(now) {
    const { state, mode, failureCount } = this.breaker;
    const view = this.#window?.look(now);
    return {
      state,
      mode,
      failures: failureCount,
      failureRate: view?.failureRate,
      slowRate: view && this.#slowMs < Infinity ? view.slowRate : undefined,
      calls: view?.calls,
      openForMs: state === "open" ? this.breaker.retryAfterMs : 0,
    };
  }
}
