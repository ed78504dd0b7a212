// The types by TypeScript 5, strictly, as each kind of user resolves them.
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HERE } from "./fresh.mjs";
import { run } from "./process.mjs";

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  skipLibCheck: false,
  target: "ES2022",
};
const WEB = { lib: ["ES2022", "DOM"], types: [] };
/** A program of Node, which knows nothing of the web but what Node's own types say. */
const NODE = { lib: ["ES2022"], types: ["node"], typeRoots: [join(HERE, "node_modules", "@types")] };
const BOTH = { "module.mts": "esm", "common.cts": "cjs" };

/** How: the options, and where each source must find the package's declarations. */
const HOW = {
  node16: [{ module: "Node16", moduleResolution: "Node16", ...WEB }, BOTH],
  nodenext: [{ module: "NodeNext", moduleResolution: "NodeNext", ...WEB }, BOTH],
  "nodenext and Node's types": [{ module: "NodeNext", moduleResolution: "NodeNext", ...NODE }, BOTH],
  bundler: [{ module: "ESNext", moduleResolution: "bundler", ...WEB }, { "module.mts": "esm" }],
};

/** One run for each. */
export const TYPE_RUNS = Object.entries(HOW).map(([how, [options, sources]]) => ({
  name: `TypeScript 5, ${how}`,
  cases: Object.keys(sources).map(caseOf),
  go: async ({ fresh, name }) => {
    const folder = fresh.folder(name);
    cpSync(join(HERE, "types"), folder, { recursive: true });
    const report = { results: [], output: "" };
    const config = { compilerOptions: { ...STRICT, ...options }, files: Object.keys(sources) };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(HERE, "node_modules", "typescript", "bin", "tsc");
    const args = [tsc, "-p", "tsconfig.json", "--listFiles", "--pretty", "false"];
    const { code, output } = await run("node", args, { cwd: folder, timeoutMs: 120_000 });
    // The errors without the list of files, which is long.
    const errors = output.split("\n").filter((line) => line !== "" && !line.startsWith("/"));
    report.output = errors.join("\n");
    const own = (source) => errors.some((line) => line.startsWith(`${source}(`));
    const elsewhere = code !== 0 && !Object.keys(sources).some(own);
    for (const [source, system] of Object.entries(sources)) {
      const found = output.includes(`/node_modules/halfopen/dist/${system}/index.d.ts`);
      const error = own(source) || elsewhere ? `tsc ended with ${code}` : found ? undefined : `dist/${system} has not its types`;
      report.results.push({ name: caseOf(source), ...(error && { error }) });
    }
    return report;
  },
}));

function caseOf(source) {
  return `${source} has the types that it says`;
}
