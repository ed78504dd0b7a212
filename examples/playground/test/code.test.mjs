// What the tab "code" writes: as in code.md, whose Rust is compiled and run by the crate `conformance`, and its TOML read; the
// TypeScript is checked here, and what it says is what the page's own breaker was made of.
//
//   BLESS=1 node --test test/code.test.mjs     writes code.md anew
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { CircuitBreaker } from "halfopen";
import { LANGUAGES, toRust, toToml, toTypeScript } from "../src/code.js";
import { SCENARIOS } from "../src/scenarios.js";
import { configOf, FIELDS, RULES } from "../src/sim/settings.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const WASM = join(HERE, "..", "..", "..", "wasm");

/** A value that is none of the defaults, for each field. */
const OTHER = {
  ...{ failureThreshold: 1_000, slidingWindowSize: 70, slidingWindowSeconds: 90, failureRateThreshold: 40, minimumCalls: 20 },
  ...{ slowCallDurationSeconds: 0.8, slowCallRateThreshold: 60, recoveryTimeoutSeconds: 2.5, halfOpenMaxCalls: 2, successThreshold: 3 },
  ...{ probeTimeoutSeconds: 4.001, recoveryMultiplierPercent: 150, maxRecoveryTimeoutSeconds: 3_000, recoveryJitterPercent: 20 },
  ...{ halfOpenTrials: 5, rampUpSeconds: 12, rampUpFromPercent: 5 },
};

/** Each rule with every field, adaptive or not, and without any; then the scenarios. */
const CONFIGS = [
  ...RULES.flatMap(({ name: rule }) => [false, true].map((adaptive) => [`${rule}${adaptive ? ", adaptive" : ""}`, { rule, adaptive, ...OTHER }])),
  ["no field", { rule: "consecutive", adaptive: false }],
  ["a window without a size", { rule: "count_window", adaptive: false }],
  ...SCENARIOS.map(({ name, setup }) => [name, setup.config]),
];

test("every field has a value here, and the package takes every configuration", () => {
  assert.deepEqual(Object.keys(OTHER).toSorted(), FIELDS.map(({ name }) => name).toSorted());
  for (const [, config] of CONFIGS) new CircuitBreaker("service", configOf(config)).free();
});

/** What rustdoc runs after the Rust, and does not show: the TOML is the same configuration, for a registry of the same rule. */
function checks(config) {
  const rule = toRust(config).includes("type Rule") ? "Rule" : "halfopen::rules::Consecutive";
  return [
    ...["let toml = r##\"", ...toToml(config).trimEnd().split("\n"), '"##;'],
    "let read: halfopen::RegistryConfig = toml::from_str(toml).unwrap();",
    'assert_eq!(read.of("service"), &config);',
    `type Circuit = CircuitBreaker<halfopen::SystemClock, (), std::sync::Arc<str>, ${rule}>;`,
    "let circuits = halfopen::CircuitBreakerRegistry::<Circuit>::try_with_rule(read, halfopen::SystemClock, ()).unwrap();",
    'assert!(circuits.register("service").unwrap().allow_request() && breaker.allow_request());',
  ].map((line) => `# ${line}\n`).join("");
}

test("what is written is what is checked", () => {
  const sections = CONFIGS.map(([name, config]) => {
    const blocks = LANGUAGES.map(({ id, write }) => `\`\`\`${id}\n${write(config)}${id === "rust" ? checks(config) : ""}\`\`\`\n`);
    return `## ${name}\n\n${blocks.join("\n")}`;
  });
  const by = "By `BLESS=1 node --test test/code.test.mjs`; checked there and by the crate `conformance`.";
  const text = `# What the playground writes\n\n${by}\n\n${sections.join("\n")}`;
  const file = join(HERE, "code.md");
  if (process.env.BLESS) writeFileSync(file, text);
  assert.equal(readFileSync(file, "utf8"), text);
});

test("its TypeScript is right, and says what the breaker was made of", async () => {
  const ts = createRequire(join(WASM, "package.json"))("typescript");
  const folder = mkdtempSync(join(tmpdir(), "halfopen-code-"));
  try {
    const files = CONFIGS.map(([, config], at) => {
      const file = join(folder, `${at}.ts`);
      writeFileSync(file, toTypeScript(config));
      return file;
    });
    const options = {
      ...{ strict: true, noEmit: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, types: [], skipLibCheck: true },
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      paths: { halfopen: [join(WASM, "dist", "esm", "index.d.ts")] },
    };
    const wrong = (paths) => {
      const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram(paths, options));
      return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
    };
    const misspelt = join(folder, "misspelt.ts");
    writeFileSync(misspelt, toTypeScript(CONFIGS[0][1]).replace("failureThreshold", "failuresThreshold"));
    assert.deepEqual(wrong(files), []);
    assert.match(wrong([misspelt]).join(), /failuresThreshold/);
  } finally {
    rmSync(folder, { recursive: true });
  }
  for (const [name, config] of CONFIGS) {
    const object = /new CircuitBreaker\("service", (\{[^]*?\n\})\);/.exec(toTypeScript(config))[1];
    const { adaptive = false, ...read } = new Function(`return ${object}`)();
    assert.deepEqual({ adaptive, ...read }, configOf(config), name);
  }
});
