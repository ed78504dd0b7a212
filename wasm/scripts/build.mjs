// From what wasm-pack built (pkg/) to what is published (dist/): the module made small, its functions, TypeScript for both module
// systems. Everything that it writes is ignored by git.
//
//   node scripts/build.mjs
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { reachedBy } from "./declarations.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...path) => join(root, ...path);
const run = (tool, ...args) => execFileSync(at("node_modules", ".bin", tool), args, { cwd: root, stdio: "inherit" });

const MODULE = "halfopen_wasm_bg.wasm";

function step(what) {
  console.log(`==> npm: ${what}`);
}

step("making the module small");
const generated = at("ts", "wasm");
rmSync(generated, { recursive: true, force: true });
mkdirSync(generated, { recursive: true });
// wasm-bindgen adds what a boundary of objects would need: a table, its start and an import. Nothing of ours reaches it.
const functions = [...readFileSync(at("pkg", `${MODULE}.d.ts`), "utf8").matchAll(/^export const ([a-z]\w*): (\(.*);$/gm)];
const kept = functions.map(([, name]) => name);
const graph = [
  { name: "kept", root: true, reaches: kept },
  ...kept.map((name) => ({ name, export: name })),
];
writeFileSync(join(generated, "graph.json"), JSON.stringify(graph));
execFileSync(at("node_modules", ".bin", "wasm-metadce"), [at("pkg", MODULE), "--graph-file", join(generated, "graph.json"), "-o", join(generated, MODULE), "--all-features"]);
run(
  "wasm-opt",
  ...["-Oz", "--converge", "--traps-never-happen", "--low-memory-unused"],
  ...["--strip-debug", "--strip-producers", "--strip-target-features"],
  ...["--enable-bulk-memory", "--enable-nontrapping-float-to-int", "--enable-sign-ext", "--enable-mutable-globals"],
  join(generated, MODULE),
  ...["-o", join(generated, MODULE)],
);
// Their names are long for a module that has to be read by nobody; what they are now comes back as JSON.
const renamed = execFileSync(
  at("node_modules", ".bin", "wasm-opt"),
  ["--minify-imports-and-exports", "--all-features", join(generated, MODULE), "-o", join(generated, MODULE)],
  { encoding: "utf8" },
);
const original = Object.fromEntries(JSON.parse(renamed).exports.map(([before, after]) => [after, before]));
rmSync(join(generated, "graph.json"));
const module = readFileSync(join(generated, MODULE));
check(module);

step("putting its functions beside it");
writeFileSync(join(generated, "exports.ts"), bindings());
writeFileSync(join(generated, "packed.ts"), `// The module.\nexport const packed: string =\n  "${pack(module)}";\n`);

step("TypeScript");
rmSync(at("dist"), { recursive: true, force: true });
for (const system of ["esm", "cjs"]) {
  run("tsc", "-p", system === "esm" ? "tsconfig.json" : "tsconfig.cjs.json");
}
mkdirSync(at("dist", "esm", "wasm"), { recursive: true });
copyFileSync(join(generated, MODULE), at("dist", "esm", "wasm", MODULE));
// Few files: to find, read and link each takes Node a good part of a millisecond.
const shared = ["--bundle", "--target=es2022", "--sourcemap", "--log-level=warning"];
// `alone` is named so that what is in it gets a file apart from the rest: who imports the breaker alone is to ship it alone.
const entries = ["index", "workerd", "edge-light", "alone"].map((name) => at("ts", `${name}.ts`));
run("esbuild", ...entries, ...shared, "--format=esm", "--splitting", "--chunk-names=part-[hash]", "--external:*.wasm", "--external:*.wasm?module", `--outdir=${at("dist", "esm")}`);
// Where nothing is bundled, one file is read sooner than three.
run("esbuild", at("ts", "index.ts"), ...shared, "--format=esm", `--outfile=${at("dist", "esm", "node.js")}`);
run("esbuild", at("ts", "index.ts"), ...shared, "--format=cjs", "--platform=node", `--outfile=${at("dist", "cjs", "index.js")}`);
for (const file of ["alone.js", "alone.js.map"]) rmSync(at("dist", "esm", file));
// What no user's compiler reads.
for (const system of ["esm", "cjs"]) {
  const reached = reachedBy(at("dist", system, "index.d.ts"));
  const files = readdirSync(at("dist", system), { recursive: true }).map((file) => at("dist", system, file));
  for (const file of files) if (file.endsWith(".d.ts") && !reached.has(file)) rmSync(file);
}
writeFileSync(at("dist", "cjs", "package.json"), '{ "type": "commonjs" }\n');
for (const licence of ["LICENSE-APACHE", "LICENSE-MIT"]) copyFileSync(at("..", licence), at(licence));

/** What the module must not have. */
function check(bytes) {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
  if (imports.length > 0) throw new Error(`the module imports ${JSON.stringify(imports)}`);
}

/**
 * The functions as they are, each in a variable: wasm-bindgen's glue would put a function around each, which does nothing to a
 * number but turn it into the one that it is, or into a boolean.
 */
function bindings() {
  const declared = functions.map(([, name, type]) => `export let ${name}: ${type};`);
  const inOrder = WebAssembly.Module.exports(new WebAssembly.Module(module)).map(({ name }) => original[name]);
  if (inOrder.toSorted().join() !== kept.toSorted().join()) throw new Error(`the module exports ${inOrder}, not ${kept}`);
  return `// The functions of the module, whose docs are in wasm/src/exports.rs.
${declared.join("\n")}

/** To be called first, with what the module exports. */
export function bind(exports: WebAssembly.Exports): void {
  // In the order in which they stand in the module: to name each again would cost more than the names themselves.
  [${inOrder.join(", ")}] = Object.values(exports) as any;
}
`;
}

/** Bytes as printable letters: see ts/unpack.ts. */
function pack(bytes) {
  let text = "";
  for (const byte of bytes) {
    // 0x42 to 0x58 are rare in a module, 0x6a to 0x80 are not.
    const number = byte >= 66 && byte < 89 ? byte + 40 : byte >= 106 && byte < 129 ? byte - 40 : byte;
    const page = Math.floor(number / 89);
    const letter = (number % 89) + 35;
    text += (page > 0 ? String.fromCharCode(124 + page) : "") + String.fromCharCode(letter < 92 ? letter : letter + 1);
  }
  return text;
}
