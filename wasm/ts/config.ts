import { checkKeys, shown } from "./checks.js";
import type { Clock } from "./clock.js";
import type { Logger } from "./log.js";
import * as wasm from "./wasm/exports.js";

/** The rule by which a circuit opens. */
export type Rule = "consecutive" | "consecutive_slow" | "count_window" | "time_window";

/**
 * How a breaker behaves. Every field has a default; a field that the rule has no use for is an error, not a surprise.
 * Times are in seconds, fractions allowed; a part of a millisecond rounds up.
 */
export interface CircuitBreakerConfiguration {
  /** How many failures in a row open the circuit: 1 to 1,023, by default 5. The n-th opens it. A window does not go by it. */
  readonly failureThreshold?: number | undefined;
  /** How long the circuit stays OPEN before it lets a probe through: 0.001 to 2,147,483.647 s, by default 30. */
  readonly recoveryTimeoutSeconds?: number | undefined;
  /** How many successful probes close the circuit: 1 to 63, by default 1. */
  readonly successThreshold?: number | undefined;
  /** How many probes may be in flight at once in HALF_OPEN: 1 to 15, by default 1. */
  readonly halfOpenMaxCalls?: number | undefined;
  /** How long a probe may hold its place before another request may take it over: by default as long as the recovery timeout. */
  readonly probeTimeoutSeconds?: number | undefined;
  /** How many calls a window over calls holds: 1 to 1,024, by default 100. */
  readonly slidingWindowSize?: number | undefined;
  /** How far a window over time reaches back: 0.001 to 604,800 s, by default 60. */
  readonly slidingWindowSeconds?: number | undefined;
  /** The share of failures in a window that opens the circuit: 1 to 100 %, by default 50. Reached is enough. */
  readonly failureRateThreshold?: number | undefined;
  /**
   * How many calls a window must hold before a rate says anything: 1 to its size, over time to 65,535; by default 10, or its size
   * where that is less.
   */
  readonly minimumCalls?: number | undefined;
  /** A call that takes longer is slow; by default no call is. Measured from the admission of a permit to its outcome. */
  readonly slowCallDurationSeconds?: number | undefined;
  /** The share of slow calls in a window that opens the circuit: 1 to 100 %, by default 100. */
  readonly slowCallRateThreshold?: number | undefined;
  /** The longest time OPEN to which the multiplier and a server's `Retry-After` can lengthen the recovery timeout: by default one hour. */
  readonly maxRecoveryTimeoutSeconds?: number | undefined;
  /** What an opening after a failed probe lasts of the one before: 100 to 1,000 %, by default 100; 200 doubles. */
  readonly recoveryMultiplierPercent?: number | undefined;
  /** By how much of itself an opening may be shorter, by chance: 0 to 100 %, by default 0. */
  readonly recoveryJitterPercent?: number | undefined;
  /** Of how many probes `successThreshold` must succeed: that threshold to 15. By default one failed probe opens again. */
  readonly halfOpenTrials?: number | undefined;
  /** How long after a closing only a growing share of the requests is let through; by default all are at once. */
  readonly rampUpSeconds?: number | undefined;
  /** The share with which the ramp-up begins: 1 to 100 %, by default 10. */
  readonly rampUpFromPercent?: number | undefined;
  /**
   * The rule by which it opens. By default the one that knows the fields which are given: over time with
   * `slidingWindowSeconds`, over calls with another field of windows, else failures in a row; a slow call is one of them with
   * `slowCallDurationSeconds`.
   */
  readonly rule?: Rule | undefined;
  /** Whether its way back adapts; by default where one of the fields for that is given (`maxRecovery…` to `rampUp…`). */
  readonly adaptive?: boolean | undefined;
}

/** What a breaker works with, beside its configuration. */
export interface CircuitBreakerOptions {
  /** Where the time comes from; by default the system's, which never goes back. */
  readonly clock?: Clock | undefined;
  /** Is given a line at INFO for each transition. */
  readonly logger?: Logger | undefined;
  /** A number from 0 to less than 1, for jitter and ramp-up; by default `Math.random`. Called where chance has a part, not before. */
  readonly random?: (() => number) | undefined;
}

type Config = CircuitBreakerConfiguration;

// In the order of the numbers that cross the boundary.
const FIELDS = [
  "failureThreshold",
  "recoveryTimeoutSeconds",
  "successThreshold",
  "halfOpenMaxCalls",
  "probeTimeoutSeconds",
  "slidingWindowSize",
  "slidingWindowSeconds",
  "failureRateThreshold",
  "minimumCalls",
  "slowCallDurationSeconds",
  "slowCallRateThreshold",
  "maxRecoveryTimeoutSeconds",
  "recoveryMultiplierPercent",
  "recoveryJitterPercent",
  "halfOpenTrials",
  "rampUpSeconds",
  "rampUpFromPercent",
] as const satisfies readonly (keyof Config)[];
const RULES: readonly Rule[] = ["consecutive", "consecutive_slow", "count_window", "time_window"];

/** Places of fields. */
const enum Place {
  WindowCalls = 5,
  WindowSeconds = 6,
  FailureRate = 7,
  MinimumCalls = 8,
  SlowCallDuration = 9,
  SlowCallRate = 10,
  FirstAdaptive = 11,
  RampUp = 15,
}

/** Places of rules. */
const enum RuleNumber {
  Consecutive,
  ConsecutiveSlow,
  CountWindow,
  TimeWindow,
}

/** What can be wrong with a field, beside its range. */
const enum Problem {
  Unused = 1,
  Lonely,
  Missing,
}

const DEFAULT_CALLS = 100;

/** A breaker in wasm, and what of its configuration is of use here. */
export interface Created {
  readonly handle: number;
  /** Whether chance has a part in what it does. */
  readonly chance: boolean;
}

/** Has a configuration checked and a breaker made. */
export function create(config: Config): Created {
  if (typeof config !== "object" || config === null) throw new TypeError(`configuration is ${shown(config)}, must be an object`);
  checkKeys("field", config, [...FIELDS, "rule", "adaptive"]);
  const has = (...places: Place[]) => places.some((at) => config[FIELDS[at]!] !== undefined);
  const rule =
    config.rule !== undefined
      ? RULES.indexOf(config.rule)
      : has(Place.WindowSeconds)
        ? RuleNumber.TimeWindow
        : has(Place.WindowCalls, Place.FailureRate, Place.MinimumCalls, Place.SlowCallRate)
          ? RuleNumber.CountWindow
          : has(Place.SlowCallDuration)
            ? RuleNumber.ConsecutiveSlow
            : RuleNumber.Consecutive;
  if (rule < 0) throw new TypeError(`rule is ${String(config.rule)}, must be one of ${RULES.join(", ")}`);
  if (typeof (config.adaptive ?? true) !== "boolean") throw new TypeError(`adaptive is ${shown(config.adaptive)}, must be true or false`);
  const adaptive = config.adaptive ?? FIELDS.some((field, at) => at >= Place.FirstAdaptive && config[field] !== undefined);
  FIELDS.forEach((field, at) => wasm.set(at, toNumber(field, config[field])));
  if (rule === RuleNumber.CountWindow && !has(Place.WindowCalls)) wasm.set(Place.WindowCalls, DEFAULT_CALLS);
  const handle = wasm.create(rule, adaptive ? 1 : 0);
  if (handle === 0) throw refused(config);
  if (handle === 1) throw new RangeError("out of memory");
  return { handle, chance: (config.recoveryJitterPercent ?? 0) > 0 || has(Place.RampUp) };
}

/** As it crosses: times in whole milliseconds, NaN where nothing was said. */
function toNumber(field: string, value: unknown): number {
  if (value === undefined) return NaN;
  // What no field can be: the core then says what it can be.
  if (typeof value !== "number" || !(value >= 0)) return Infinity;
  // To the nanosecond first: 4.001 s are 4,001 ms, although 4.001 * 1000 is a little more.
  if (isTime(field)) return Math.ceil(Math.round(value * 1e9) / 1e6);
  return Number.isInteger(value) ? value : Infinity;
}

/** The core's words for what is wrong, with the value as it was given. */
function refused(config: Config): Error {
  const [at, problem, value, least, most] = [0, 1, 2, 3, 4].map(wasm.out) as [number, number, number, number, number];
  const field = FIELDS[at]!;
  const name = snakeCase(field);
  const must = " is set, must be left out";
  if (problem === Problem.Unused) return new TypeError(`${name}${must}: this breaker's rule has no use for it`);
  if (problem === Problem.Lonely) return new TypeError(`${name}${must} without ${snakeCase(FIELDS[value]!)}`);
  if (problem === Problem.Missing) return new TypeError(`${name} is missing, must be set: this rule is about it`);
  const unit = isTime(field) ? 1000 : 1;
  const given: unknown = config[field];
  const error = given === undefined || typeof given === "number" ? RangeError : TypeError;
  return new error(`${name} is ${given === undefined ? value / unit : shown(given)}, must be ${least / unit} to ${most / unit}`);
}

const isTime = (field: string): boolean => field.endsWith("Seconds");

/** The name that the field has in every other language. */
const snakeCase = (field: string): string => field.replace(/[A-Z]/g, (letter) => "_" + letter.toLowerCase());
