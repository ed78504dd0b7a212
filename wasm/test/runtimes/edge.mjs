// Runtimes of edges, each driven by a program of Node: workerd itself, miniflare, what wrangler bundles in it, and edge-runtime.
// Prints the Worker's report.
//
//   node edge.mjs workerd|miniflare|wrangler|edge-runtime FOLDER
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { entryFor } from "./fresh.mjs";
import { bundleByWrangler } from "./wrangler.mjs";

/** From here on a Worker has all that the suite needs, and still compiles no bytes. */
const COMPATIBILITY_DATE = "2025-05-01";
const WASM = /\.wasm(\?module)?$/;

const DRIVERS = {
  /** Without a bundler: the modules of the package as they are, and `halfopen` a module that leads to them. */
  async workerd(folder) {
    const { default: workerd } = (await import("workerd")).default;
    const entry = entryFor(folder, ["workerd", "worker", "browser", "import"]);
    const options = { ...bundled(folder, "worker.mjs"), alias: { halfopen: `./${entry}` }, external: ["*.wasm"], metafile: true, write: false };
    // esbuild only says which modules there are.
    const modules = Object.keys((await build(options)).metafile.inputs);
    const wasm = join(entry, "..", "wasm", "halfopen_wasm_bg.wasm");
    writeFileSync(join(folder, "halfopen.mjs"), `export * from "./${entry}";\n`);
    const embedded = [
      ...modules.map((path) => `(name = "${path}", esModule = embed "${path}")`),
      `(name = "halfopen", esModule = embed "halfopen.mjs")`,
      `(name = "${wasm}", wasm = embed "${wasm}")`,
    ];
    // The first module is the Worker.
    embedded.sort((one, other) => Number(other.includes('"worker.mjs"')) - Number(one.includes('"worker.mjs"')));
    writeFileSync(
      join(folder, "config.capnp"),
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  compatibilityDate = "${COMPATIBILITY_DATE}",
  modules = [${embedded.join(",\n    ")}],
  bindings = [(name = "OBJECT", durableObjectNamespace = "Keeper")],
  durableObjectNamespaces = [(className = "Keeper", uniqueKey = "keeper")],
  durableObjectStorage = (inMemory = void)
);
`,
    );
    const child = spawn(workerd, ["serve", "config.capnp", "--control-fd=3"], { cwd: folder, stdio: ["ignore", "inherit", "inherit", "pipe"] });
    try {
      const port = await new Promise((resolve, reject) => {
        child.on("exit", (code) => reject(new Error(`workerd ended with ${code}`)));
        child.stdio[3].on("data", (chunk) => {
          for (const line of String(chunk).split("\n").filter(Boolean)) {
            const told = JSON.parse(line);
            if (told.event === "listen") resolve(told.port);
          }
        });
      });
      return await (await fetch(`http://127.0.0.1:${port}/`)).text();
    } finally {
      child.kill();
    }
  },

  /** Bundled by esbuild for Workers: with their conditions, the module beside the bundle. */
  async miniflare(folder) {
    const out = join(folder, "out");
    await build({ ...bundled(folder, "worker.mjs"), conditions: ["workerd", "worker", "browser"], loader: { ".wasm": "copy" }, outdir: out, assetNames: "[name]" });
    return inMiniflare(out, [
      { type: "ESModule", path: join(out, "worker.js") },
      { type: "CompiledWasm", path: join(out, "halfopen_wasm_bg.wasm") },
    ]);
  },

  /** Bundled by wrangler: what Cloudflare would get. */
  async wrangler(folder) {
    const out = join(folder, "out");
    writeFileSync(join(folder, "wrangler.toml"), `name = "suite"\nmain = "worker.mjs"\ncompatibility_date = "${COMPATIBILITY_DATE}"\n`);
    return inMiniflare(out, await bundleByWrangler(folder, out));
  },

  /** Bundled as Vercel does it: the module is compiled outside, and given as a variable. */
  async "edge-runtime"(folder) {
    const { EdgeRuntime } = await import("edge-runtime");
    let module;
    const given = {
      name: "module",
      setup({ onResolve, onLoad }) {
        onResolve({ filter: WASM }, ({ path, resolveDir }) => ({ path: join(resolveDir, path.replace("?module", "")), namespace: "module" }));
        onLoad({ filter: /.*/, namespace: "module" }, ({ path }) => {
          module = new WebAssembly.Module(readFileSync(path));
          return { contents: "export default wasmModule;" };
        });
      },
    };
    const options = { ...bundled(folder, "edge.mjs"), format: "iife", conditions: ["edge-light"], plugins: [given], write: false };
    const { outputFiles } = await build(options);
    if (module === undefined) throw new Error("the entry for edge-light imports no module");
    const runtime = new EdgeRuntime({
      extend: (context) => Object.assign(context, { wasmModule: module }),
      initialCode: outputFiles[0].text,
    });
    return (await runtime.dispatchFetch("http://function/")).text();
  },
};

/** Runs a Worker with KV and a Durable Object, whose modules are in `folder`. */
async function inMiniflare(folder, modules) {
  const { Miniflare } = await import("miniflare");
  const flare = new Miniflare({
    ...{ rootPath: folder, modulesRoot: folder, modules },
    compatibilityDate: COMPATIBILITY_DATE,
    kvNamespaces: ["KV"],
    durableObjects: { OBJECT: "Keeper" },
  });
  try {
    return await (await flare.dispatchFetch("http://worker/")).text();
  } finally {
    await flare.dispose();
  }
}

function bundled(folder, program) {
  return { absWorkingDir: folder, entryPoints: [join(folder, program)], bundle: true, format: "esm", logLevel: "warning" };
}

const [driver, folder] = process.argv.slice(2);
console.log(`REPORT ${await DRIVERS[driver](folder)}`);
process.exit(0);
