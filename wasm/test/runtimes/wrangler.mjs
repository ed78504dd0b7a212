// Bundles as wrangler deploys them, without the deploying: no account, no network.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { HERE } from "./fresh.mjs";
import { run } from "./process.mjs";

// Not its launcher, which refuses a Node that the rest of it still runs in.
const CLI = join(HERE, "node_modules", "wrangler", "wrangler-dist", "cli.js");

/** Bundles the Worker of `folder`, which has a wrangler.toml, into `out`; gives the modules for miniflare, the Worker first. */
export async function bundleByWrangler(folder, out) {
  const args = ["--no-warnings", CLI, "deploy", "--dry-run", "--outdir", out];
  // It is to ask nobody for a newer version, tell nobody that it ran, and write nothing outside.
  const env = { WRANGLER_HIDE_BANNER: "true", WRANGLER_SEND_METRICS: "false", XDG_CONFIG_HOME: join(folder, "config"), CI: "1" };
  const { code, output } = await run("node", args, { cwd: folder, env });
  if (code !== 0) throw new Error(`wrangler ended with ${code}:\n${output}`);
  const named = (ending) => readdirSync(out).filter((name) => name.endsWith(ending));
  const [workers, modules] = [named(".js"), named(".wasm")];
  if (workers.length !== 1 || modules.length !== 1) throw new Error(`wrangler wrote ${readdirSync(out)}, not a Worker and a module`);
  return [
    { type: "ESModule", path: join(out, workers[0]) },
    { type: "CompiledWasm", path: join(out, modules[0]) },
  ];
}
