import { MODES, orNull, STATES } from "./numbers.js";
import type { CircuitState, Mode } from "./states.js";
import * as wasm from "./wasm/exports.js";

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

/** Places of fields. */
const enum Place {
  LastFailureAgo = 6,
  /** From this one on they are left out where they are 0. */
  FirstOptional = 7,
}

/** The names of what is a number where it crosses. */
const NAMES: Partial<Record<string, readonly string[]>> = { state: STATES, mode: MODES };

/** The numbers that `wasm.snapshot` left, and the one that it gave because it may be too long to be left. */
export function read(ago: number): Snapshot {
  const snapshot: Record<string, number | string | null> = {};
  FIELDS.forEach((field, at) => {
    const number = at === Place.LastFailureAgo ? ago : wasm.out(at);
    // What is left out where it is 0 is less then.
    if (at < Place.FirstOptional || number > 0) snapshot[field] = NAMES[field]?.[number] ?? orNull(number);
  });
  return snapshot as unknown as Snapshot;
}

/** Sets the numbers that `wasm.restore` reads. */
export function write(snapshot: Record<string, unknown>): void {
  const { version } = snapshot as { version?: unknown };
  if (version !== 1) throw new TypeError(`snapshot version is ${String(version)}, must be 1`);
  FIELDS.forEach((field, at) => wasm.set(at, toNumber(snapshot[field], NAMES[field])));
}

/** NaN where there is nothing, and what no breaker has for what is no whole number or no name. */
function toNumber(value: unknown, names: readonly unknown[] | undefined): number {
  if (names) return names.indexOf(value);
  return value == null ? NaN : Number.isSafeInteger(value) ? (value as number) : -1;
}

/** The error for a snapshot that was not taken over, for what `wasm.restore` gave. */
export function damaged(packed: number): TypeError {
  return new TypeError(`snapshot is damaged: ${FIELDS[packed & 15]!} is missing or has a value that no breaker can have`);
}
