// Every runtime, bundler and compiler in which the package is tested: what it needs, and how it is asked.
import { cpSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { findChromium, pageOf } from "./browser.mjs";
import { entryFor, HERE } from "./fresh.mjs";
import { OWN_TESTS } from "./own-tests.mjs";
import { run, runForReport } from "./process.mjs";
import { CASES } from "./suite.mjs";
import { TYPE_RUNS } from "./types.mjs";

const SUITE = Object.keys(CASES);
const KV = "a snapshot goes through Workers KV";
const OBJECT = "a snapshot goes through a Durable Object";

/** How many runs there are: to be changed with the list, so that one that gets lost is noticed. */
export const RUNS = 23;

/**
 * The runs. Each has its `name`, the `cases` that must be in its report, what it `lacks` (or `undefined`), whether it runs the
 * suite as it is (`direct`: a wrong package must fail there), and `go`, which gives its report.
 */
export const LIST = [
  { name: OWN_TESTS.name, cases: [], go: OWN_TESTS.go },
  {
    name: "Node, import",
    direct: true,
    go: ({ fresh, name }) => runForReport("node", ["main.mjs"], { cwd: fresh.folder(name) }),
  },
  {
    name: "Node, require",
    direct: true,
    go: ({ fresh, name }) => runForReport("node", ["main.cjs"], { cwd: fresh.folder(name) }),
  },
  {
    name: "Deno",
    direct: true,
    lacks: () => lacksFile("@deno/", "deno", "deno"),
    go: ({ fresh, name }) => {
      const env = { DENO_DIR: join(fresh.work, "deno-cache"), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
      const args = ["run", "--no-prompt", "--cached-only", "--node-modules-dir=manual", "main.mjs"];
      return runForReport(binary("@deno/", "deno"), args, { cwd: fresh.folder(name), env });
    },
  },
  {
    name: "Bun",
    direct: true,
    lacks: () => lacksFile("@oven/", "bin/bun", "bun"),
    go: ({ fresh, name }) =>
      runForReport(binary("@oven/", "bin/bun"), ["run", "--no-install", "main.mjs"], { cwd: fresh.folder(name) }),
  },
  { name: "workerd", direct: true, cases: [...SUITE, OBJECT], lacks: () => lacksPackages("workerd", "esbuild"), go: onEdge("workerd") },
  {
    name: "miniflare",
    direct: true,
    cases: [...SUITE, KV, OBJECT],
    lacks: () => lacksPackages("miniflare", "workerd", "esbuild"),
    go: onEdge("miniflare"),
  },
  {
    name: "wrangler, in miniflare",
    direct: true,
    cases: [...SUITE, KV, OBJECT],
    lacks: () => lacksPackages("wrangler", "miniflare", "workerd", "esbuild"),
    go: onEdge("wrangler"),
  },
  { name: "edge-runtime", direct: true, lacks: () => lacksPackages("edge-runtime", "esbuild"), go: onEdge("edge-runtime") },
  {
    name: "Chromium, without a bundler",
    direct: true,
    lacks: lacksChromium,
    go: ({ fresh, name, browser }) => {
      const folder = fresh.folder(name);
      writeFileSync(join(folder, "index.html"), pageOf("/main.mjs", { halfopen: `/${entryFor(folder, ["browser", "import"])}` }));
      return browser.reportOf(folder);
    },
  },
  ...["esbuild", "Vite", "webpack", "Rollup"].flatMap((tool) => [
    {
      name: `${tool}, in Node`,
      lacks: () => lacksPackages(tool.toLowerCase()),
      go: async (kit) => runForReport("node", ["bundle.mjs"], { cwd: (await bundles(kit, tool)).node }),
    },
    {
      name: `${tool}, in Chromium`,
      lacks: () => lacksPackages(tool.toLowerCase()) ?? lacksChromium(),
      go: async (kit) => kit.browser.reportOf((await bundles(kit, tool)).browser),
    },
  ]),
  ...TYPE_RUNS.map((one) => ({ ...one, lacks: () => lacksPackages("typescript") })),
  {
    name: "the example examples/edge, by wrangler in miniflare",
    cases: ["its output is the one that its README shows"],
    lacks: () => lacksPackages("wrangler", "miniflare", "workerd"),
    go: async ({ fresh, name }) => {
      const folder = fresh.folder(name);
      const example = join(HERE, "..", "..", "..", "examples", "edge");
      for (const file of readdirSync(example)) cpSync(join(example, file), join(folder, "edge", file), { recursive: true });
      return runForReport("node", [join(HERE, "example.mjs"), join(folder, "edge")], { cwd: folder });
    },
  },
].map((one) => ({ cases: SUITE, direct: false, lacks: () => undefined, ...one }));

function onEdge(driver) {
  return ({ fresh, name }) => runForReport("node", [join(HERE, "edge.mjs"), driver, fresh.folder(name)]);
}

/** The folders of the two bundles by `tool`, made once. */
function bundles({ fresh, made }, tool) {
  const make = async () => {
    const outs = { browser: fresh.empty(`${tool} for Chromium`), node: fresh.empty(`${tool} for Node`) };
    const args = [join(HERE, "bundle.mjs"), tool, fresh.folder(`${tool} sources`), outs.browser, outs.node];
    const { code, output } = await run("node", args, { timeoutMs: 120_000 });
    if (code !== 0) throw new Error(`${tool} ended with ${code}:\n${output}`);
    return outs;
  };
  if (!made.has(tool)) made.set(tool, make());
  return made.get(tool);
}

/** The program that the package for this platform has: its launcher would want an install script. */
function binary(scope, path) {
  const folder = join(HERE, "node_modules", scope);
  const platforms = existsSync(folder) ? readdirSync(folder) : [];
  return platforms.map((platform) => join(folder, platform, path)).find((file) => existsSync(file));
}

function lacksFile(scope, path, name) {
  return binary(scope, path) === undefined ? `the npm package ${name} has no program for this platform` : undefined;
}

function lacksPackages(...names) {
  const require = createRequire(join(HERE, "package.json"));
  const missing = names.find((name) => !existsSync(join(HERE, "node_modules", name)));
  if (missing !== undefined) return `the npm package ${missing} is not installed`;
  try {
    if (names.includes("workerd")) require("workerd");
  } catch {
    return "the npm package workerd has no program for this platform";
  }
  return undefined;
}

function lacksChromium() {
  return findChromium() === undefined ? "there is no chromium in PATH, and no other one by the variable CHROMIUM" : lacksPackages("playwright-core");
}
