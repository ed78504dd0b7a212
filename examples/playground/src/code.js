// A configuration as Rust, TypeScript and TOML, ready to paste. What it writes is compiled, parsed and run by the tests.
import { configOf, FIELDS } from "./sim/settings.js";

/** The sizes that a window over calls can have in Rust: those of `halfopen::rules::Room`. */
const ROOMS = [
  ...Array.from({ length: 16 }, (_, at) => at + 1),
  ...[20, 24, 25, 30, 32, 40, 48, 50, 60, 64, 75, 80, 96, 100, 120, 128, 150, 160, 192, 200, 250, 256],
  ...[300, 320, 400, 500, 512, 600, 640, 750, 768, 800, 1000, 1024],
];

/** A window over calls without a size has that of the npm package's; in Rust it would have all its room. */
function complete(config) {
  const of = configOf(config);
  return of.rule === "count_window" ? { slidingWindowSize: 100, ...of } : of;
}

/** The given fields, in the order of the form. */
const given = (config) => FIELDS.filter(({ name }) => config[name] !== undefined).map((field) => ({ ...field, value: config[field.name] }));

const isWholeTime = (name, value) => name.endsWith("Seconds") && Number.isInteger(value);
const snakeCase = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "_");

/** The type of the rule in Rust. */
function rustRule(config) {
  const room = ROOMS.find((size) => size >= (config.slidingWindowSize ?? 100)) ?? 1024;
  const inner = {
    consecutive: "Consecutive",
    consecutive_slow: "ConsecutiveSlow",
    count_window: `CountWindow<${room}>`,
    time_window: "TimeWindow<10>",
  }[config.rule];
  return config.adaptive ? `Adaptive<${inner}>` : inner;
}

function rustSetter({ name, value }) {
  const method = snakeCase(name).replace(/_seconds$/, "");
  if (!name.endsWith("Seconds")) return `    .${method}(${grouped(value)})`;
  const millis = Math.max(1, Math.ceil(Math.round(value * 1e9) / 1e6));
  return `    .${method}(Duration::${millis % 1000 === 0 ? `from_secs(${grouped(millis / 1000)})` : `from_millis(${grouped(millis)})`})`;
}

/** Statements for the beginning of a function. @param {Record<string, any>} settings */
export function toRust(settings) {
  const config = complete(settings);
  const fields = given(config);
  const rule = rustRule(config);
  const plain = rule === "Consecutive";
  const rules = [...new Set(rule.match(/[A-Z]\w+/g))];
  return [
    ...(fields.some(({ name }) => name.endsWith("Seconds")) ? ["use std::time::Duration;"] : []),
    ...(plain ? [] : [`use halfopen::rules::${rules.length > 1 ? `{${rules.join(", ")}}` : rules[0]};`]),
    plain ? "use halfopen::{CircuitBreaker, Config};" : "use halfopen::{CircuitBreaker, Config, SystemClock};",
    "",
    ...(plain ? [] : [`type Rule = ${rule};`, ""]),
    `let config = Config::new()${fields.length === 0 ? ";" : ""}`,
    ...fields.map((field, at) => rustSetter(field) + (at === fields.length - 1 ? ";" : "")),
    plain
      ? 'let breaker = CircuitBreaker::new("service", config);'
      : 'let breaker = CircuitBreaker::with_rule("service", Rule::with(config), SystemClock, ());',
    "",
  ].join("\n");
}

/** A module. @param {Record<string, any>} settings */
export function toTypeScript(settings) {
  const config = configOf(settings);
  return [
    'import { CircuitBreaker } from "halfopen";',
    "",
    'export const breaker = new CircuitBreaker("service", {',
    `  rule: "${config.rule}",`,
    ...(config.adaptive ? ["  adaptive: true,"] : []),
    ...given(config).map(({ name, value }) => `  ${name}: ${Number.isInteger(value) ? grouped(value) : value},`),
    "});",
    "",
  ].join("\n");
}

/** What serde reads as a `halfopen::RegistryConfig`. @param {Record<string, any>} settings */
export function toToml(settings) {
  const config = complete(settings);
  return [
    "# A halfopen::RegistryConfig, by serde. Circuits by name, [circuits.NAME], say what differs.",
    `# The rule is a type: ${rustRule(config)}`,
    "[defaults]",
    ...given(config).map(({ name, value }) => `${snakeCase(name)} = ${isWholeTime(name, value) ? `${value}.0` : value}`),
    "",
  ].join("\n");
}

/** The languages of the tab. */
export const LANGUAGES = [
  { id: "rust", name: "Rust", write: toRust },
  { id: "typescript", name: "TypeScript", write: toTypeScript },
  { id: "toml", name: "TOML", write: toToml },
];
