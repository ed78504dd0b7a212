// From the sources to the page as it is served: three files in dist/, which git ignores.
//
//   node build.mjs [FOLDER]     default: dist
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const wasm = join(here, "..", "..", "wasm");
const { build, transform } = createRequire(join(wasm, "package.json"))("esbuild");

const out = resolve(process.argv[2] ?? join(here, "dist"));
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  entryPoints: [join(here, "src", "main.js")],
  outfile: join(out, "playground.js"),
  // The package as a bundler for browsers takes it.
  alias: { halfopen: join(wasm, "dist", "esm", "index.js") },
  bundle: true,
  minify: true,
  // No module: a page that is opened as a file may not load any.
  format: "iife",
  platform: "browser",
  target: "es2022",
  logLevel: "warning",
});
const { code } = await transform(readFileSync(join(here, "style.css"), "utf8"), { loader: "css", minify: true });
writeFileSync(join(out, "style.css"), code);
copyFileSync(join(here, "index.html"), join(out, "index.html"));
