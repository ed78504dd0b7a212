import type { CircuitState, Mode, Outcome, Reason, Receipt } from "./states.js";

// What crosses the boundary as a number, in the order of the numbers.
export const STATES: readonly CircuitState[] = ["closed", "open", "half_open"];
export const MODES: readonly Mode[] = ["normal", "isolated", "disabled", "shadow"];
const OUTCOMES: readonly Outcome[] = ["success", "failure", "ignored"];
export const RECEIPTS: readonly Receipt[] = ["recorded", "stale", "expired", "disabled"];
export const REASONS: readonly Reason[] = [
  "consecutive_failures",
  "failure_rate",
  "slow_call_rate",
  "recovery_timeout",
  "probes_succeeded",
  "probe_failed",
  "tripped",
  "isolated",
  "disabled",
  "shadowed",
  "reset",
  "restored",
];

/** The outcomes, by their numbers. */
export const enum OutcomeNumber {
  Success,
  Failure,
  Ignored,
}

/** The commands, by their numbers. */
export const enum Command {
  Trip,
  Isolate,
  Disable,
  Shadow,
  Reset,
}

/** Where a call leaves numbers: see wasm/src/told.rs. */
export const enum Place {
  Transitions = 0,
  NextTransition = 16,
  Refusal = 48,
  Mark = 52,
  Issued = 53,
}

/** The bits of the number that a call gives, beside the lowest two, its answer. */
export const enum Bits {
  Transitions = 3 << 2,
  Refused = 1 << 4,
  Late = 1 << 5,
}

/** The number of an outcome; less than 0 for what is none. */
export const numberOf = (outcome: Outcome): number => OUTCOMES.indexOf(outcome);

/** What crosses the boundary as a number less than 0 where there is none. */
export const orNull = (number: number): number | null => (number < 0 ? null : number);

/** The error for what is no outcome. */
export const notOutcome = (given: unknown): TypeError =>
  new TypeError(`outcome is ${String(given)}, must be one of ${OUTCOMES.join(", ")}`);
