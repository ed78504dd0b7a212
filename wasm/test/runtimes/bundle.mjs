// Bundles main.mjs of a folder twice, for browsers and for Node, each into a folder in which nothing else is.
//
//   node bundle.mjs esbuild|Vite|webpack|Rollup FOLDER BROWSER NODE
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pageOf } from "./browser.mjs";

const MAIN = "main.mjs";
const BUNDLE = "bundle.mjs";

/** What each tool does with the folder, for a browser or for Node. */
export const TOOLS = {
  async esbuild(folder, out, platform) {
    const { build } = await import("esbuild");
    const outfile = join(out, BUNDLE);
    await build({ entryPoints: [join(folder, MAIN)], bundle: true, minify: true, format: "esm", platform, outfile, logLevel: "warning" });
  },

  async Vite(folder, out, platform) {
    const { build } = await import("vite");
    const shared = { root: folder, configFile: false, logLevel: "warn", envDir: false };
    const outputs = { outDir: out, emptyOutDir: false, minify: true, reportCompressedSize: false };
    if (platform === "browser") {
      // As its users have it: the page is what it begins with, and it writes another.
      writeFileSync(join(folder, "index.html"), pageOf(`/${MAIN}`));
      await build({ ...shared, build: outputs });
    } else {
      const rolldownOptions = { output: { entryFileNames: BUNDLE } };
      await build({ ...shared, ssr: { noExternal: true }, build: { ...outputs, ssr: MAIN, rolldownOptions } });
    }
  },

  async webpack(folder, out, platform) {
    const { default: webpack } = await import("webpack");
    const stats = await new Promise((resolve, reject) =>
      webpack(
        {
          mode: "production",
          context: folder,
          entry: `./${MAIN}`,
          target: platform === "browser" ? "web" : "node",
          output: { path: out, filename: BUNDLE, module: true, chunkFormat: "module" },
          experiments: { outputModule: true },
          // The vectors are large, and known to be.
          performance: false,
        },
        (error, done) => (error ? reject(error) : resolve(done)),
      ),
    );
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString({ all: false, errors: true, warnings: true }));
  },

  async Rollup(folder, out, platform) {
    const [{ rollup }, { nodeResolve }] = await Promise.all([import("rollup"), import("@rollup/plugin-node-resolve")]);
    const warnings = [];
    const bundle = await rollup({
      input: join(folder, MAIN),
      plugins: [nodeResolve({ browser: platform === "browser" })],
      onwarn: (warning) => warnings.push(warning.message),
    });
    await bundle.write({ file: join(out, BUNDLE), format: "es" });
    if (warnings.length > 0) throw new Error(warnings.join("\n"));
  },
};

const [tool, folder, ...outs] = process.argv.slice(2);
if (tool in TOOLS) {
  for (const [at, platform] of ["browser", "node"].entries()) {
    await TOOLS[tool](folder, outs[at], platform);
  }
  if (tool !== "Vite") writeFileSync(join(outs[0], "index.html"), pageOf(`/${BUNDLE}`));
}
