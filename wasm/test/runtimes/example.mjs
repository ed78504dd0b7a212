// Runs examples/edge, bundled by wrangler, in miniflare against its origin, twice: the second isolate finds what the first has kept. What happens
// must be what its README shows.
//
//   node example.mjs FOLDER     the folder of the example, from where `halfopen` can be found
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Miniflare } from "miniflare";
import { equal, runCase } from "./suite.mjs";
import { bundleByWrangler } from "./wrangler.mjs";

const folder = process.argv[2];
const settings = readFileSync(join(folder, "wrangler.toml"), "utf8");
const setting = (name) => settings.match(new RegExp(`^${name} = "(.*)"$`, "m"))[1];
const { startOrigin } = await import(pathToFileURL(join(folder, "origin.mjs")));
const out = join(folder, "out");
const modules = await bundleByWrangler(folder, out);

const origin = await startOrigin();
const lines = [];
let worker = start();

await during("the origin works", 2);
origin.isBroken = true;
await during("the origin is broken", 4);
await worker.dispose();
worker = start();
const refused = await during("a new isolate", 1);
origin.isBroken = false;
const seconds = Number(refused.headers.get("retry-after"));
await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
await during("the origin works, and Retry-After is over", 2);
await worker.dispose();
origin.stop();

const shown = readFileSync(join(folder, "README.md"), "utf8").match(/^```text\n(.*?)^```$/ms)[1];
const results = [];
await runCase(results, "its output is the one that its README shows", () => {
  equal([1, 2, 3].includes(seconds), true);
  equal(lines, shown.trimEnd().split("\n"));
});
console.log(lines.join("\n"));
console.log(`REPORT ${JSON.stringify({ results })}`);
process.exit(0);

/** The Worker as wrangler would start it, in a new isolate. */
function start() {
  return new Miniflare({
    rootPath: out,
    modulesRoot: out,
    modules,
    compatibilityDate: setting("compatibility_date"),
    bindings: { ORIGIN: origin.address },
    kvNamespaces: [setting("binding")],
    // Where the isolate that comes next finds it.
    kvPersist: join(folder, "kv"),
  });
}

/** Sends requests, one after the other, and notes what comes of them; gives the last answer. */
async function during(what, requests) {
  lines.push(what);
  let response;
  for (let request = 0; request < requests; request++) {
    const before = origin.asked;
    response = await worker.dispatchFetch("http://worker/hello");
    const answer = `${response.status} ${(await response.text()).trim()}`;
    lines.push(`  ${answer.padEnd(36)}${origin.asked > before ? "the origin was asked" : "the origin was left alone"}`);
  }
  return response;
}
