// How large the module is, and what a bundler ships for the breaker; fails when one is over its bar.
//
//   node scripts/size.mjs MOST_MODULE MOST_BUNDLE     bytes after gzip -9
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [mostModule, mostBundle] = process.argv.slice(2).map(Number);
// Not Node's, whose zlib finds less.
const gzip = (bytes) => execFileSync("gzip", ["-9c"], { input: bytes }).length;
const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;

async function bundle(names) {
  const { outputFiles } = await build({
    stdin: { contents: `import { ${names} } from "halfopen"; globalThis.used = [${names}];`, resolveDir: root },
    alias: { halfopen: join(root, "dist", "esm", "index.js") },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
  });
  return outputFiles[0].contents;
}

let over = false;
function row(what, bytes, most) {
  const small = gzip(bytes);
  const fits = most === undefined || small <= most;
  over ||= !fits;
  const bar = most === undefined ? "" : `${most}`;
  const verdict = most === undefined ? "" : fits ? "yes" : `NO, ${small - most} over`;
  console.log([what.padEnd(50), ...[bytes.length, small, brotli(bytes), bar].map((it) => String(it).padStart(8)), verdict].join(" | "));
}

console.log(["bytes".padEnd(50), ...["raw", "gzip -9", "brotli", "bar gzip"].map((it) => it.padStart(8)), "ok"].join(" | "));
const module = readFileSync(join(root, "dist", "esm", "wasm", "halfopen_wasm_bg.wasm"));
row("the module, all rules", module, mostModule);
row("import { CircuitBreaker }, minified by esbuild", await bundle("CircuitBreaker"), mostBundle);
row("the same with CircuitBreakerRegistry, guardedFetch", await bundle("CircuitBreaker, CircuitBreakerRegistry, guardedFetch"));
row("the same with withRetry", await bundle("CircuitBreaker, CircuitBreakerRegistry, guardedFetch, withRetry"));
process.exit(over ? 1 : 0);
