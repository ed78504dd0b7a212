import { MODES, STATES, type CircuitState, type Mode } from "./states.js";
import * as wasm from "./wasm/halfopen_wasm_bg.js";

/**
 * What is worth keeping of a breaker, with intervals instead of times: the same JSON that the Rust library writes and reads.
 * `JSON.stringify` it to keep it.
 */
export interface Snapshot {
  /** 1: what this version writes and reads. */
  version: number;
  /** The state that was stored; open with nothing remaining reads half open on the breaker. */
  state: CircuitState;
  /** Whether the rules were in force. */
  mode: Mode;
  /** Failures in a row, or those that the window held. */
  failure_count: number;
  /** Probes of the round that had succeeded. */
  successes: number;
  /** Milliseconds that OPEN still had to last. */
  remaining_ms: number;
  /** Milliseconds between the latest failure and the snapshot; `null`: there was none. */
  last_failure_ago_ms: number | null;
  /** How often the circuit had opened again since it was CLOSED; left out where it is 0, as are those below. */
  reopenings?: number;
  /** Probes of the round that had failed, where some may. */
  probe_failures?: number;
  /** Milliseconds that a ramp-up still had to last. */
  ramp_left_ms?: number;
}

// In the order of the numbers that cross the boundary.
const FIELDS = [
  "version",
  "state",
  "mode",
  "failure_count",
  "successes",
  "remaining_ms",
  "last_failure_ago_ms",
  "reopenings",
  "probe_failures",
  "ramp_left_ms",
] as const satisfies readonly (keyof Snapshot)[];

/** From here on, what `wasm.restore` gives says that it was not taken over. */
export const DAMAGED = 2 ** 31;

/** The numbers that `wasm.snapshot` left, and the one that it gave. */
export function read(ago: number): Snapshot {
  const [version, state, mode, failure_count, successes, remaining_ms, , ...rest] = FIELDS.map((_, at) => wasm.out(at)) as [
    ...[number, number, number, number, number, number, number],
    ...number[],
  ];
  const snapshot: Snapshot = {
    version,
    state: STATES[state]!,
    mode: MODES[mode]!,
    failure_count,
    successes,
    remaining_ms,
    last_failure_ago_ms: ago < 0 ? null : ago,
  };
  (["reopenings", "probe_failures", "ramp_left_ms"] as const).forEach((field, at) => {
    if (rest[at]! > 0) snapshot[field] = rest[at]!;
  });
  return snapshot;
}

/** Sets the numbers that `wasm.restore` reads. */
export function write(snapshot: Record<string, unknown>): void {
  const version = snapshot["version"];
  if (version !== 1) throw new TypeError(`snapshot version is ${String(version)}, must be 1`);
  FIELDS.forEach((field, at) => wasm.set(at, toNumber(field, snapshot[field])));
}

function toNumber(field: string, value: unknown): number {
  if (field === "state") return STATES.indexOf(value as CircuitState);
  if (field === "mode") return MODES.indexOf(value as Mode);
  return whole(value);
}

/** NaN where there is nothing, and what no breaker has for what is no whole number. */
function whole(value: unknown): number {
  if (value === undefined || value === null) return NaN;
  return Number.isSafeInteger(value) ? (value as number) : -1;
}

/** The error for a snapshot that was not taken over. */
export function damaged(packed: number): TypeError {
  const field = FIELDS[packed - DAMAGED]!;
  return new TypeError(`snapshot is damaged: ${field} is missing or has a value that no breaker can have`);
}
