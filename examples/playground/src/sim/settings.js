// What can be set, with its unit, its range and its default: the service, its callers, and the breaker's configuration.

/**
 * @typedef {{ name: string, label: string, unit?: string, min: number, max: number, step: number, usual: number | boolean,
 *   hint?: string }} Setting
 */

/** The service that the page plays. @type {readonly Setting[]} */
export const SERVICE = [
  { name: "outage", label: "Outage", min: 0, max: 1, step: 1, usual: false },
  { name: "errorPercent", label: "Errors", unit: "%", min: 0, max: 100, step: 1, usual: 0 },
  { name: "latencyMs", label: "Latency", unit: "ms", min: 10, max: 3000, step: 10, usual: 120 },
  { name: "hangPercent", label: "Requests that hang", unit: "%", min: 0, max: 100, step: 1, usual: 0 },
  { name: "hangSeconds", label: "They hang for", unit: "s", min: 1, max: 60, step: 1, usual: 10 },
  { name: "failMs", label: "In an outage, fails after", unit: "ms", min: 10, max: 5000, step: 10, usual: 600 },
  { name: "capacity", label: "At once, at most", unit: "requests", min: 0, max: 50, step: 1, usual: 0, hint: "0: any number" },
];

/** Those who call it. @type {readonly Setting[]} */
export const CALLER = [
  { name: "rate", label: "Calls of each", unit: "/s", min: 1, max: 20, step: 1, usual: 8 },
  { name: "timeLimitSeconds", label: "Time limit", unit: "s", min: 0, max: 60, step: 1, usual: 3, hint: "0: none" },
  { name: "clients", label: "Callers", min: 1, max: 30, step: 1, usual: 1, hint: "each with a breaker of its own" },
  { name: "comeBack", label: "Refused callers come back on time", min: 0, max: 1, step: 1, usual: false },
];

const ALL = ["consecutive", "consecutive_slow", "count_window", "time_window"];
const IN_A_ROW = ["consecutive", "consecutive_slow"];
const WINDOWS = ["count_window", "time_window"];
const SLOW = ["consecutive_slow", ...WINDOWS];
const SLOW_CALL = "slowCallDurationSeconds";
const LONGEST = 2_147_483;

/** The rules by which a circuit opens, by their names in the npm package. */
export const RULES = [
  { name: "consecutive", label: "Failures in a row" },
  { name: "consecutive_slow", label: "Failures or slow calls in a row" },
  { name: "count_window", label: "Rate among the last calls" },
  { name: "time_window", label: "Rate over a time" },
];

/**
 * The breaker's fields, by their names in the npm package; `usual` is left out where it depends on another field.
 * The ranges are hints for the form: the package checks them.
 */
export const FIELDS = [
  { name: "failureThreshold", label: "Failures that open", rules: IN_A_ROW, min: 1, max: 1023, usual: 5 },
  { name: "slidingWindowSize", label: "Window", unit: "calls", rules: ["count_window"], min: 1, max: 1024, usual: 100 },
  { name: "slidingWindowSeconds", label: "Window", unit: "s", rules: ["time_window"], min: 0.001, max: 604_800, usual: 60 },
  { name: "failureRateThreshold", label: "Failure rate that opens", unit: "%", rules: WINDOWS, min: 1, max: 100, usual: 50 },
  { name: "minimumCalls", label: "Calls before a rate counts", rules: WINDOWS, min: 1, max: 65_535, usual: 10 },
  { name: SLOW_CALL, label: "A call is slow after", unit: "s", rules: SLOW, min: 0.001, max: LONGEST },
  { name: "slowCallRateThreshold", label: "Slow rate that opens", unit: "%", rules: WINDOWS, min: 1, max: 100, usual: 100, needs: SLOW_CALL },
  { name: "recoveryTimeoutSeconds", label: "Stays open for", unit: "s", rules: ALL, min: 0.001, max: LONGEST, usual: 30 },
  { name: "halfOpenMaxCalls", label: "Probes at once", rules: ALL, min: 1, max: 15, usual: 1 },
  { name: "successThreshold", label: "Good probes that close", rules: ALL, min: 1, max: 63, usual: 1 },
  { name: "probeTimeoutSeconds", label: "A probe holds its place for", unit: "s", rules: ALL, min: 0.001, max: LONGEST },
  { name: "recoveryMultiplierPercent", label: "Each reopening lasts", unit: "%", adaptive: true, rules: ALL, min: 100, max: 1000, usual: 100 },
  { name: "maxRecoveryTimeoutSeconds", label: "But at most", unit: "s", adaptive: true, rules: ALL, min: 0.001, max: LONGEST, usual: 3600 },
  { name: "recoveryJitterPercent", label: "Shorter by chance, up to", unit: "%", adaptive: true, rules: ALL, min: 0, max: 100, usual: 0 },
  { name: "halfOpenTrials", label: "Good probes are of", adaptive: true, rules: ALL, min: 1, max: 15 },
  { name: "rampUpSeconds", label: "Ramp-up lasts", unit: "s", adaptive: true, rules: ALL, min: 0.001, max: LONGEST },
  { name: "rampUpFromPercent", label: "It begins with", unit: "%", adaptive: true, rules: ALL, min: 1, max: 100, usual: 10, needs: "rampUpSeconds" },
];

/** The defaults of `settings`, by name. @param {readonly Setting[]} settings */
export function defaults(settings) {
  return Object.fromEntries(settings.map(({ name, usual }) => [name, usual]));
}

/** The fields that a configuration's rule knows. @param {{ rule: string, adaptive: boolean }} config */
export function fieldsOf({ rule, adaptive }) {
  return FIELDS.filter((field) => field.rules.includes(rule) && (adaptive || !field.adaptive));
}

/** As the package wants it: without fields that its rule does not know, or that need one which is not given. */
export function configOf(config) {
  const isGiven = ({ name, needs }) => config[name] !== undefined && (!needs || config[needs] !== undefined);
  const fields = fieldsOf(config).filter(isGiven);
  return { rule: config.rule, adaptive: config.adaptive, ...Object.fromEntries(fields.map(({ name }) => [name, config[name]])) };
}

/** The nearest value that a setting can have. @param {Setting} setting @param {unknown} value */
export function withinRange({ min, max, usual }, value) {
  if (typeof usual === "boolean") return value === true || value === "true" || value === 1 || value === "1";
  const number = Number(value);
  return Number.isFinite(number) ? Math.min(max, Math.max(min, number)) : usual;
}

/** A value of a setting as it is read. @param {Setting} setting @param {number | boolean} value */
export function asText({ unit = "", usual, hint }, value) {
  if (typeof usual === "boolean") return value ? "yes" : "no";
  return value === 0 && hint?.startsWith("0:") ? hint.slice(3) : `${value} ${unit}`.trim();
}
