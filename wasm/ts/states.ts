/** The three states of a circuit, by the names that every language and format of halfopen has for them. */
export const CircuitState = {
  /** Normal operation. */
  Closed: "closed",
  /** Requests are refused. */
  Open: "open",
  /** A limited number of probes tests whether the operation works again. */
  HalfOpen: "half_open",
} as const;

/** One of the three states of a circuit. */
export type CircuitState = (typeof CircuitState)[keyof typeof CircuitState];

/** Whether the rules are in force: orthogonal to {@link CircuitState}, which keeps its three values. */
export const Mode = {
  /** The rules decide. */
  Normal: "normal",
  /** Every request is refused until `reset()` or another mode. The state reads OPEN. */
  Isolated: "isolated",
  /** Every request is let through and nothing is recorded. The state reads CLOSED. */
  Disabled: "disabled",
  /** The rules run and report, but every request is let through. */
  Shadow: "shadow",
} as const;

/** One of the four modes of a circuit. */
export type Mode = (typeof Mode)[keyof typeof Mode];

/** How a call ended: a success, a failure, or nothing that says anything about the operation. */
export type Outcome = "success" | "failure" | "ignored";

/**
 * What became of an outcome: it was taken into account; it came too late, because the circuit is OPEN or has changed its
 * state since; the probe's lease had run out; the breaker is disabled.
 */
export type Receipt = "recorded" | "stale" | "expired" | "disabled";

/** Why a circuit changed its state. */
export type Reason =
  | "consecutive_failures"
  | "failure_rate"
  | "slow_call_rate"
  | "recovery_timeout"
  | "probes_succeeded"
  | "probe_failed"
  | "tripped"
  | "isolated"
  | "disabled"
  | "shadowed"
  | "reset"
  | "restored";
