// What a breaker costs, ours beside cockatiel's and opossum's, in one run; the table goes to wasm/BENCHMARKS.md.
//
//   node --expose-gc bench.mjs [--quick]     --quick: a few rounds, and nothing is written
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { bundled } from "./bundled.mjs";
import { speed } from "./speed.mjs";
import { startup } from "./startup.mjs";

const quick = process.argv.includes("--quick");
const times = await speed(quick ? 5 : 61);
const starts = startup(quick ? 3 : 31);
const memory = Object.fromEntries(["ours", "cockatiel", "opossum"].map((kind) => [kind, bytes(kind)]));

const sorted = (numbers) => numbers.toSorted((one, other) => one - other);
const median = (numbers) => sorted(numbers)[numbers.length >> 1];
const ns = (name) => median(times[name]);
// Of each round by itself: what slowed it down slowed down what is taken off too.
const over = (name) => median(times[name].map((time, round) => time - times["bare await"][round]));
const start = (kind) => median(starts[kind].map((time, round) => time - starts.empty[round]));

const rows = [];
/** A row; `bar` is [text, whether it is reached]. */
function row(what, [ours, cockatiel, opossum], bar) {
  const text = (value) => (typeof value === "number" ? value.toFixed(value < 100 ? 1 : 0) : (value ?? ""));
  rows.push([what, text(ours), text(cockatiel), text(opossum), bar?.[0] ?? "", bar === undefined ? "" : bar[1] ? "yes" : "NO"]);
}

const u32 = ns("u32 export");
const most = (40 * u32) / 3;
const [e, c, o] = ["ours", "cockatiel", "opossum"].map((kind) => over(`execute ${kind}`));
row("`execute`, closed, over a bare `await` (ns)", [e, c, o], ["less than cockatiel, a quarter of opossum", e < c && e <= o / 4]);
row("the same, opossum without timer, percentiles and snapshots", [e, c, over("execute opossum lean")]);
row("the same, a window of 100 calls", [over("execute ours count"), over("execute cockatiel count")]);
row("the same, a window of a minute", [over("execute ours time"), over("execute cockatiel time")]);
row("`allowRequest()` and `recordSuccess()` (ns)", [ns("pair")], [`${most.toFixed(0)}: 40 where a u32 export takes 3`, ns("pair") <= most]);
row("the same, a window of 100 calls", [ns("pair count")]);
row("the same, a window of a minute", [ns("pair time")]);
row("`tryAcquire()` and `success()` (ns)", [ns("permit")]);
row("the same, a window of 100 calls", [ns("permit count")]);
row("the same, a window of a minute", [ns("permit time")]);
row("refused: `execute` or `fire`, its error caught (ns)", ["ours", "cockatiel", "opossum"].map((kind) => ns(`refused ${kind}`)));
row("refused: `allowRequest()`, no error (ns)", [ns("refused allowRequest")]);
row("refused: `tryAcquire()`, no error (ns)", [ns("refused tryAcquire")]);
const total = Object.values(memory).map(({ heap, wasm }) => heap + wasm);
row("memory of a breaker: heap and wasm (bytes)", total, ["400", total[0] <= 400]);
const sizes = await bundled();
row("the breaker in a bundle: minified, after gzip -9 (bytes)", [sizes.ours, sizes.cockatiel, sizes.opossum], ["12288", sizes.ours <= 12_288]);
row("import to first call, over an empty module (ms)", ["ours", "cockatiel", "opossum"].map(start), ["5", start("ours") <= 5]);

const table = (rows) => {
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)));
  const line = (row) => `| ${row.map((cell, at) => (at === 0 || at === 4 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join(" | ")} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 || at === 4 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join("\n");
};
const grid = table([["what", "halfopen", "cockatiel", "opossum", "bar", "reached"], ...rows]);
const text = `# What the npm package costs

Medians of ${times["bare await"].length} rounds in one run, in each of which every subject has its turn, of ${starts.empty.length} fresh processes for the import, and of
100,000 breakers for the memory. \`./x npm bench\` writes this file. On another machine, or a busy one, the nanoseconds are others; the
ratios stay. A bare \`await fn()\` took ${ns("bare await").toFixed(1)} ns here, a call of an exported u32 function of wasm ${u32.toFixed(1)} ns, an import of an empty
module ${median(starts.empty).toFixed(1)} ms. What is exact is asserted by \`./x npm test\`: no timers, no listeners, no promises, no allocation of a healthy
pair, the memory of a breaker.

${grid}

- ${cpus().length} x ${cpus()[0].model.trim()}, Node ${process.version}, ${process.platform} ${process.arch}
- halfopen ${version("../package.json")}, cockatiel ${version("node_modules/cockatiel/package.json")}, opossum ${version("node_modules/opossum/package.json")}
- \`execute\` of opossum is \`fire\`. It always counts over time; the first row has it as it comes, with its timer for each call.
- With a window of a minute each call reads a clock: ours \`performance.now()\`, ${ns("performance.now").toFixed(0)} ns here, which never goes back; cockatiel
  \`Date.now()\`, ${ns("Date.now").toFixed(0)} ns.
- In a bundle opossum needs Node's \`events\`, which is not counted.
- A refusal is mostly the stack of its error, which \`allowRequest()\` and \`tryAcquire()\` do without.
`;
console.log(text);
if (!quick) {
  writeFileSync(new URL("../BENCHMARKS.md", import.meta.url), text);
  // The front page has the table too.
  const page = new URL("../README.md", import.meta.url);
  const machine = `\`./x npm bench\`, ${cpus().length} x ${cpus()[0].model.trim()}, Node ${process.version}; how it was measured is in \`wasm/BENCHMARKS.md\`:`;
  const begin = "<!-- costs: ./x npm bench writes what is between here and the end of costs -->\n";
  const [before, rest] = readFileSync(page, "utf8").split(begin);
  const after = rest.slice(rest.indexOf("<!-- end of costs -->"));
  writeFileSync(page, `${before}${begin}\n${machine}\n\n${grid}\n\n${after}`);
}
// Of opossum there are timers.
process.exit(0);

function bytes(kind) {
  const script = new URL("memory.mjs", import.meta.url).pathname;
  return JSON.parse(execFileSync(process.execPath, ["--expose-gc", "--max-old-space-size=4096", script, kind, quick ? "10000" : "100000"], { encoding: "utf8" }));
}

function version(file) {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8")).version;
}
